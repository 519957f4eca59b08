package drive

import (
	"errors"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adopt takes a connection's socket out of the hands of package net, whose
// poller would wake for every event too. The socket is nonblocking as it was.
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

// receive and send do not block, so they need not tell the scheduler: that
// alone is a tenth of what a small one costs.

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

// timespec is the kernel's 64-bit one, on every architecture.
type timespec struct{ seconds, nanos int64 }

// epollWait waits for so many nanoseconds; not at all if they are none. It is
// exact where the kernel has epoll_pwait2 (Linux 5.11) and else early by up to
// a millisecond.
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
