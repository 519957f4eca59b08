// Package uring speaks io_uring to Linux 5.19 and newer, straight on the three
// system calls of golang.org/x/sys/unix.
//
// A [Ring] is a submission queue and a completion queue shared with the kernel.
// [Ring.Next] hands out a free submission entry, and one of the entry's Prepare
// methods says what the operation does. [Ring.Submit], [Ring.SubmitAndPoll] and
// [Ring.SubmitAndWait] pass the queue to the kernel. [Ring.Copy] takes completions
// out. A [BufRing] lends the kernel buffers to receive into; the kernel picks one
// only when data has arrived, so an idle connection occupies no buffer.
//
// # Threads
//
// A Ring belongs to the OS thread that made it: call [runtime.LockOSThread]
// before [New] and use the Ring, and its BufRings, from that goroutine only. The
// kernel knows of this (IORING_SETUP_SINGLE_ISSUER, registered ring descriptor)
// and refuses calls from other threads. There is one exception: a thread that has
// Rings of its own may reach one of these instead and get no error, if the numbers
// of their descriptors differ by a multiple of 16. This package takes no lock,
// starts no goroutine, reads no clock and logs nothing.
//
// # Memory
//
// The kernel reads and writes the memory that an [SQE] points at, and the garbage
// collector does not know that. Such memory comes from mmap, or is a Go heap object
// that is pinned ([runtime.Pinner]) or kept reachable. It is never on a Go stack,
// because stacks move. It belongs to the kernel from Prepare until the operation's
// last completion, the one whose [CQE.More] is false. The rings, the timespecs that
// [Ring.Timespec] hands out and the buffers of a BufRing are mapped by this
// package, outside the Go heap.
//
// # Nothing is lost
//
// When the submission queue is full, Next submits it and then hands out a slot.
// When the completion queue is full, completions overflow into the kernel's memory
// (IORING_FEAT_NODROP), and Copy fetches them from there. When the kernel has no
// memory for the overflow either, SubmitAndWait returns EBADR. An interrupted
// system call is made again. No call after set-up allocates, except to describe an
// error.
//
// # Errors
//
// New returns a [*BlockedError] where io_uring is forbidden or missing, and an
// [*UnsupportedError] where the kernel is too old. The text of each is one sentence
// that says what to do. [Check] finds out at start-up whether all three system
// calls work. [Unavailable] tells a program whether to do without io_uring. Every
// error from the kernel wraps its [syscall.Errno] for errors.Is. A caller that
// breaks the contract gets a panic that starts with "uring: ".
//
// Terms and constants are liburing's, spelled the Go way without the IORING_ and
// IOSQE_ prefixes. See io_uring(7), io_uring_setup(2), io_uring_enter(2) and
// io_uring_register(2) of liburing 2.9, and include/uapi/linux/io_uring.h of
// Linux 6.18.
package uring
