//go:build giouring && linux

package oracle

import (
	"testing"

	"golang.org/x/sys/unix"
)

// sockets returns two connected stream sockets.
func sockets(t *testing.T) (int, int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
	return pair[0], pair[1]
}

// listen returns a TCP listener on the loopback and its address.
func listen(t *testing.T) (int, unix.Sockaddr) {
	t.Helper()
	fd := newSocket(t)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 16); err != nil {
		t.Fatal(err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, address
}

// dial connects to a listener. The kernel completes the connection in the listener's
// backlog.
func dial(t *testing.T, address unix.Sockaddr) {
	t.Helper()
	if err := unix.Connect(newSocket(t), address); err != nil {
		t.Fatal(err)
	}
}

func newSocket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
