//go:build linux

package epollio

import (
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// TestStaleEvent: a closed socket that a duplicate keeps alive does not disturb the next
// socket with the same number. A process that is being started may hold such a duplicate.
func TestStaleEvent(t *testing.T) {
	b := small(t)
	first, firstPeer := pair(t)
	second, _ := pair(t)
	duplicate, err := unix.FcntlInt(uintptr(first), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	turn(t, b, false, netio.Op{Code: netio.Receive, Key: 1, FD: first})
	turn(t, b, false, netio.Op{Code: netio.Cancel, Key: 1, FD: first, Target: netio.Receive}, netio.Op{Code: netio.Close, FD: first})
	if err := unix.Dup3(int(second), int(first), unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	turn(t, b, false, netio.Op{Code: netio.Receive, Key: 2, FD: first})
	if err := unix.Shutdown(int(firstPeer), unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if b.Pending() {
		t.Error("pending for an event of a closed socket")
	}
	for _, fd := range []int32{first, second, int32(duplicate)} {
		b.CloseNow(fd)
	}
}
