//go:build linux

package sockets

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPeer: Peer returns the address at the other end, and allocates nothing. A Unix socket and a descriptor that is
// no socket have none.
func TestPeer(t *testing.T) {
	local, remote := unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}}, unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	check(t, err)
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	for want, fd := range map[netip.Addr]int{
		netip.MustParseAddr("127.0.0.2"): connected(t, unix.AF_INET, &local),
		netip.MustParseAddr("::1"):       connected(t, unix.AF_INET6, &remote),
		{}:                               pair[0],
	} {
		var got netip.Addr
		if n := testing.AllocsPerRun(100, func() { got = Sockets{}.Peer(int32(fd)) }); n != 0 || got != want {
			t.Errorf("Peer is %v with %v allocations, want %v and none", got, n, want)
		}
	}
	if got := (Sockets{}).Peer(-1); got.IsValid() {
		t.Errorf("no socket has the peer %v", got)
	}
}

// connected returns a socket whose peer listens at an address of the machine.
func connected(t *testing.T, family int, at unix.Sockaddr) (fd int) {
	t.Helper()
	listener, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(listener) })
	check(t, unix.Bind(listener, at))
	check(t, unix.Listen(listener, 1))
	bound, err := unix.Getsockname(listener)
	check(t, err)
	fd, err = unix.Socket(family, unix.SOCK_STREAM, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	check(t, unix.Connect(fd, bound))
	return fd
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
