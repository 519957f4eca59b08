//go:build linux

package epollio_test

import (
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// TestStaleEvent: a closed socket that a duplicate keeps alive, as a process that is
// being started may, does not disturb the next one with its number.
func TestStaleEvent(t *testing.T) {
	b := newBackend(t)
	defer b.Free()
	first, second := socketPair(t), socketPair(t)
	duplicate, err := unix.FcntlInt(uintptr(first[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	turn(t, b, netio.Op{Code: netio.Receive, Key: 1, FD: first[0]})
	turn(t, b, netio.Op{Code: netio.Cancel, Key: 1, FD: first[0], Target: netio.Receive}, netio.Op{Code: netio.Close, FD: first[0]})
	if err := unix.Dup3(int(second[0]), int(first[0]), unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	turn(t, b, netio.Op{Code: netio.Receive, Key: 2, FD: first[0]})
	if err := unix.Shutdown(int(first[1]), unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if b.Pending() {
		t.Error("pending for an event of a closed socket")
	}
	for _, fd := range []int32{first[0], first[1], second[0], second[1], int32(duplicate)} {
		b.CloseNow(fd)
	}
}

func socketPair(t *testing.T) [2]int32 {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return [2]int32{int32(fds[0]), int32(fds[1])}
}

func turn(t *testing.T, b netio.Backend, ops ...netio.Op) []netio.Event {
	events, err := b.Turn(ops, false)
	if err != nil {
		t.Fatal(err)
	}
	return events
}
