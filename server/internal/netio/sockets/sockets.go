//go:build linux

// Package sockets implements the calls of package netio that every backend on real sockets
// makes in the same way. None of them waits.
package sockets

import (
	"net/netip"
	"unsafe"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// Sockets is embedded by a [netio.Backend] on real sockets.
type Sockets struct{}

// Unread implements [netio.Backend].
func (Sockets) Unread(fd int32) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ)
	if err != nil {
		return 0 // the connection is dead: a receive would report that, too
	}
	return n
}

// AcceptNow implements [netio.Backend].
func (Sockets) AcceptNow(listener int32) (int32, netio.Outcome) {
	unix.SetNonblock(int(listener), true)
	for {
		fd, _, err := unix.Accept4(int(listener), unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			return int32(fd), netio.Done
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return -1, netio.Interrupted
		default:
			return -1, netio.Failed
		}
	}
}

// Peer implements [netio.Backend].
func (Sockets) Peer(fd int32) netip.Addr {
	var any unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	// unix.Getpeername would allocate.
	_, _, errno := unix.RawSyscall(unix.SYS_GETPEERNAME, uintptr(fd), uintptr(unsafe.Pointer(&any)), uintptr(unsafe.Pointer(&size)))
	switch {
	case errno != 0:
	case any.Addr.Family == unix.AF_INET:
		return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&any)).Addr)
	case any.Addr.Family == unix.AF_INET6:
		return netip.AddrFrom16((*unix.RawSockaddrInet6)(unsafe.Pointer(&any)).Addr).Unmap()
	}
	return netip.Addr{}
}

// EndOutput implements [netio.Backend]. If the peer is gone, a receive reports it.
func (Sockets) EndOutput(fd int32) { unix.Shutdown(int(fd), unix.SHUT_WR) }

// CloseNow implements [netio.Backend].
func (Sockets) CloseNow(fd int32) { unix.Close(int(fd)) }

// CloseAccepted closes the connections of events that no turn has returned.
func CloseAccepted(events []netio.Event) {
	for i := range events {
		if e := &events[i]; e.Code == netio.Accept && (e.Outcome == netio.Done || e.Outcome == netio.DoneMore) {
			unix.Close(int(e.N))
		}
	}
}
