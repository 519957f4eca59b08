package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// params is struct io_uring_params.
type params struct {
	sqEntries    uint32
	cqEntries    uint32
	flags        uint32
	sqThreadCPU  uint32
	sqThreadIdle uint32
	features     uint32
	wqFD         uint32
	_            [3]uint32
	sq           sqOffsets
	cq           cqOffsets
}

// sqOffsets is struct io_sqring_offsets.
type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array, _ uint32
	_                                                           uint64
}

// cqOffsets is struct io_cqring_offsets.
type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags, _ uint32
	_                                                           uint64
}

// getEventsArg is struct io_uring_getevents_arg.
type getEventsArg struct {
	sigmask     uint64
	sigmaskSize uint32
	minWaitUsec uint32
	timespec    uint64
}

// ringFD is struct io_uring_rsrc_update as IORING_REGISTER_RING_FDS uses it.
type ringFD struct {
	offset uint32
	_      uint32
	fd     uint64
}

var (
	_ [120]byte = [unsafe.Sizeof(params{})]byte{}
	_ [24]byte  = [unsafe.Sizeof(getEventsArg{})]byte{}
	_ [16]byte  = [unsafe.Sizeof(ringFD{})]byte{}
)

func sysSetup(entries uint32, p *params) (int, unix.Errno) {
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	return int(fd), errno
}

func sysRegister(fd int, op uint32, arg unsafe.Pointer, count uint32) unix.Errno {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), uintptr(op), uintptr(arg), uintptr(count), 0, 0)
	return errno
}

// enterNow is io_uring_enter for calls that do not wait. It does not tell Go's
// scheduler of the call, which saves about 85 ns. The price: this thread keeps its
// P, so a stop of the world waits until the call returns.
func (r *Ring) enterNow(submit, flags uint32) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER,
		uintptr(r.enterFD), uintptr(submit), 0, uintptr(flags|r.enterFlags), 0, 0)
	return int(n), errno
}

// enterWait is io_uring_enter for calls that may block. While it blocks, Go's
// scheduler gives the P to another thread. With a nil arg it waits without a limit.
func (r *Ring) enterWait(submit, count uint32, arg *getEventsArg) (int, unix.Errno) {
	flags, size := enterGetEvents|r.enterFlags|r.waitFlags, uintptr(0)
	if arg != nil {
		flags, size = flags|enterExtArg, unsafe.Sizeof(*arg)
	}
	n, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER,
		uintptr(r.enterFD), uintptr(submit), uintptr(count), uintptr(flags), uintptr(unsafe.Pointer(arg)), size)
	return int(n), errno
}

// waitFlags returns the io_uring_enter flags for a wait on a kernel with these
// features.
//
// By default Linux counts a thread that waits in a ring with operations in flight as
// waiting for a disk. An idle network server then shows as I/O pressure of 100 % and
// as iowait, and its CPU stays out of deep sleep. See io_uring_set_iowait(3) of
// liburing 2.12; Linux 6.15.
func waitFlags(features uint32) uint32 {
	if features&FeatNoIOWait != 0 {
		return enterNoIOWait
	}
	return 0
}
