//go:build linux

package uringio

import (
	"errors"
	"runtime"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// TestNap: if the kernel is short of memory, the backend waits for a limited time and counts
// each wait. It does not wait after any other error.
func TestNap(t *testing.T) {
	for _, shortage := range []error{unix.EAGAIN, unix.EBUSY, nil} {
		b := &Backend{}
		for i := range uint64(3) {
			if err := b.nap(shortage); err != nil || b.Busy() != i+1 {
				t.Errorf("%v: nap %d returns %v, and %d are counted", shortage, i+1, err, b.Busy())
			}
		}
		b.naps = 1 << 20
		if err := b.nap(shortage); err == nil || shortage != nil && !errors.Is(err, shortage) {
			t.Errorf("%v: after a second of naps the error is %v", shortage, err)
		}
	}
	if err := new(Backend).nap(unix.EBADF); !errors.Is(err, unix.EBADF) {
		t.Errorf("EBADF: the error is %v", err)
	}
}

// TestFreeClosesAccepted: connections that an accept has taken and no turn has returned end
// with the backend.
func TestFreeClosesAccepted(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b, err := New(netio.Config{Conns: 16, ReceiveBytes: 1 << 12})
	check(t, err)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(t, unix.Listen(fd, 16))
	_, err = b.Turn([]netio.Op{{Code: netio.Accept, FD: int32(fd)}}, false)
	check(t, err)
	addr, err := unix.Getsockname(fd)
	check(t, err)
	var peers [3]int
	for i := range peers {
		peers[i], err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		check(t, err)
		defer unix.Close(peers[i])
		check(t, unix.Connect(peers[i], addr))
	}
	check(t, b.enter(true)) // the kernel accepts, and the backend does not look
	check(t, b.Free())
	check(t, unix.Close(fd))
	for _, peer := range peers {
		const patience = 10_000 // ms
		ready := []unix.PollFd{{Fd: int32(peer), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, patience); n != 1 || err != nil {
			t.Fatalf("a connection has not ended: %v", err)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
