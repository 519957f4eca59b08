// Package uring speaks io_uring to Linux 5.19 and newer, straight on the three
// system calls of golang.org/x/sys/unix.
//
// A [Ring] is a submission queue and a completion queue shared with the kernel.
// [Ring.Next] hands out a free submission entry, one of its Prepare methods
// says what it does, [Ring.Submit] and its kin pass the queue to the kernel, and
// [Ring.Copy] takes completions out. A [BufRing] lends the kernel buffers to
// receive into, so that a connection with nothing to say occupies none.
//
// # Threads
//
// A Ring belongs to the OS thread that made it: call [runtime.LockOSThread]
// before [New] and use the Ring, and its BufRings, from that goroutine only. The
// kernel is told so (IORING_SETUP_SINGLE_ISSUER, registered ring descriptor) and
// refuses other threads, except that one with a Ring of its own may reach that
// instead. Nothing here locks, starts a goroutine, reads a clock or logs.
//
// # Memory
//
// The kernel reads and writes what an [SQE] points at, and the garbage collector
// does not know. Such memory comes from mmap, or is a Go heap object that is
// pinned ([runtime.Pinner]) or kept reachable, never a Go stack: stacks move.
// From Prepare until the operation's last completion (the one without
// [CQE.More]) it belongs to the kernel. The rings, the timespecs that
// [Ring.Timespec] hands out and the buffers of a BufRing are mapped by this
// package, outside the Go heap.
//
// # Nothing is lost
//
// A full submission queue is submitted and the slot handed out. A full completion
// queue overflows into the kernel's memory (IORING_FEAT_NODROP), and Copy brings
// that back; a kernel without memory for it makes SubmitAndWait report EBADR. An
// interrupted system call is made again. No call after set-up allocates, except to
// describe an error.
//
// # Errors
//
// Where io_uring is forbidden or missing New returns a [*BlockedError], where the
// kernel is too old an [*UnsupportedError]; each says in a sentence what to do.
// [Check] finds out at start-up whether all three system calls work, and
// [Unavailable] tells a program whether to do without io_uring. Failures of the
// kernel carry their [syscall.Errno] for errors.Is, and a caller who breaks the
// contract gets a panic that starts with "uring: ".
//
// Terms and constants are liburing's, spelled the Go way without the IORING_ and
// IOSQE_ prefixes. See io_uring(7), io_uring_setup(2), io_uring_enter(2) and
// io_uring_register(2) of liburing 2.9, and include/uapi/linux/io_uring.h of
// Linux 6.18.
package uring
