package drive

import (
	"errors"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adopt takes a connection's socket over from package net, whose poller would otherwise
// wake for every event too. The socket stays nonblocking.
func adopt(conn net.Conn) (fd int, err error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	err2 := raw.Control(func(own uintptr) {
		fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, err2); err != nil {
		return 0, err
	}
	conn.Close()
	return fd, nil
}

// receive and send do not block, so they do not tell Go's scheduler of their system
// calls. That saves a tenth of the cost of a small one.

func receive(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	return taken(n, errno)
}

func send(fd int, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	return taken(n, errno)
}

func taken(n uintptr, errno unix.Errno) (int, unix.Errno) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// timespec is the kernel's timespec of 64-bit fields, the same on every architecture.
type timespec struct{ seconds, nanos int64 }

// epollWait waits for events, for at most nanos nanoseconds; with 0 it does not wait. The
// timeout is exact if the kernel has epoll_pwait2 (Linux 5.11). Otherwise it is up to a
// millisecond early.
func epollWait(epoll int, events []unix.EpollEvent, nanos int64) (int, unix.Errno) {
	at, most := unsafe.Pointer(unsafe.SliceData(events)), uintptr(len(events))
	if nanos <= 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(at), most, 0, 0, 0)
		return taken(n, errno)
	}
	limit := timespec{nanos / int64(time.Second), nanos % int64(time.Second)}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(at), most, uintptr(unsafe.Pointer(&limit)), 0, 0)
	if errno == unix.ENOSYS {
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(at), most, uintptr(nanos/int64(time.Millisecond)), 0, 0)
	}
	return taken(n, errno)
}
