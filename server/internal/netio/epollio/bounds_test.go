//go:build linux

package epollio

import (
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func small(t *testing.T) *Backend {
	b, err := New(netio.Config{Conns: 1, ReceiveBytes: netio.ReceiveBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Free() })
	return b
}

func pair(t *testing.T) (ours, peer int32) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[1]) })
	return int32(fds[0]), int32(fds[1])
}

func turn(t *testing.T, b *Backend, block bool, ops ...netio.Op) []netio.Event {
	t.Helper()
	events, err := b.Turn(ops, block)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestTurnIsBounded: if more descriptors are ready than one turn serves, the turn leaves the
// rest to the next turns, in the order in which they became ready. The backend is pending
// until then.
func TestTurnIsBounded(t *testing.T) {
	const conns = 3 * maxReady
	b := small(t)
	var ops, closes []netio.Op
	for i := range conns {
		ours, peer := pair(t)
		if _, err := unix.Write(int(peer), []byte("input")); err != nil {
			t.Fatal(err)
		}
		ops = append(ops, netio.Op{Code: netio.Receive, Key: uint64(i), FD: ours, Ready: true, Drop: true})
		closes = append(closes, netio.Op{Code: netio.Close, FD: ours})
	}
	var served []uint64
	for len(served) < conns {
		events := turn(t, b, false, ops...)
		ops = nil
		if len(events) == 0 || len(events) > 2*maxReady {
			t.Fatalf("%d events in a turn, after %d of %d", len(events), len(served), conns)
		}
		for _, e := range events {
			served = append(served, e.Key)
		}
		if len(served) < conns && !b.Pending() {
			t.Fatalf("not pending after %d of %d", len(served), conns)
		}
	}
	if !slices.IsSorted(served) || b.Pending() {
		t.Errorf("served out of order: %t, pending at the end: %t", !slices.IsSorted(served), b.Pending())
	}
	turn(t, b, false, closes...)
}

// TestTableGrows: a descriptor beyond the table is served like any other, and so are the
// descriptors that were in the queue when the table grew.
func TestTableGrows(t *testing.T) {
	b := small(t)
	first, peer := pair(t)
	last, other := pair(t)
	high, err := unix.FcntlInt(uintptr(last), unix.F_DUPFD_CLOEXEC, len(b.table)+100)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(int(last))
	for _, fd := range []int32{peer, other} {
		if _, err := unix.Write(int(fd), []byte("input")); err != nil {
			t.Fatal(err)
		}
	}
	events := turn(t, b, true,
		netio.Op{Code: netio.Receive, Key: 1, FD: first, Ready: true},
		netio.Op{Code: netio.Receive, Key: 2, FD: int32(high), Ready: true})
	if len(events) != 2 || events[0].Key != 1 || events[1].Key != 2 || events[1].N != 5 {
		t.Errorf("events: %+v", events)
	}
	b.CloseNow(first)
	b.CloseNow(int32(high))
}

// TestCoarseWait: without epoll_pwait2, a tick takes its full time and ends the wait.
func TestCoarseWait(t *testing.T) {
	b := small(t)
	b.coarse = true
	begin := time.Now()
	events := turn(t, b, true, netio.Op{Code: netio.Tick, Key: 7})
	if took := time.Since(begin); len(events) != 1 || events[0].Key != 7 || took < netio.TickLength {
		t.Errorf("events %+v after %v", events, took)
	}
	ours, peer := pair(t)
	if _, err := unix.Write(int(peer), []byte("input")); err != nil {
		t.Fatal(err)
	}
	if events := turn(t, b, true, netio.Op{Code: netio.Receive, Key: 8, FD: ours}); len(events) != 1 || events[0].N != 5 {
		t.Errorf("events %+v of a receive", events)
	}
	b.CloseNow(ours)
}

// TestRefusedTurn: an error of epoll ends the turn, and a thread that polls finds it.
func TestRefusedTurn(t *testing.T) {
	b := small(t)
	if err := unix.Close(b.epoll); err != nil {
		t.Fatal(err)
	}
	if !b.Pending() {
		t.Error("not pending")
	}
	if _, err := b.Turn(nil, true); err == nil || b.Untaken() != 0 {
		t.Errorf("the turn returns %v, and %d operations are not taken", err, b.Untaken())
	}
	b.epoll, _ = unix.EpollCreate1(unix.EPOLL_CLOEXEC) // for Free
}

// TestMisusePanics: recycling a buffer twice, which would give it two owners, panics. So
// does an unknown operation.
func TestMisusePanics(t *testing.T) {
	b := small(t)
	for name, misuse := range map[string]func(){
		"recycle of a free buffer": func() { b.Recycle(3) },
		"unknown operation":        func() { b.Turn([]netio.Op{{Code: 99}}, false) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			misuse()
		}()
	}
}

// TestFreeClosesAccepted: the connections that a turn accepted before it failed end with the
// backend.
func TestFreeClosesAccepted(t *testing.T) {
	b, err := New(netio.Config{Conns: 1, ReceiveBytes: 1 << 12})
	check(t, err)
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	check(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(t, unix.Listen(listener, 16))
	addr, err := unix.Getsockname(listener)
	check(t, err)
	peer, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	defer unix.Close(peer)
	check(t, unix.Connect(peer, addr))
	file, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0) // epoll watches no such file
	check(t, err)
	defer unix.Close(file)
	events, err := b.Turn([]netio.Op{{Code: netio.Accept, FD: int32(listener)}, {Code: netio.Wake, FD: int32(file)}}, false)
	if err == nil || len(events) > 0 {
		t.Fatalf("%d events and %v, want no events and an error", len(events), err)
	}
	check(t, b.Free())
	ready := []unix.PollFd{{Fd: int32(peer), Events: unix.POLLIN}}
	const patience = 10_000 // ms
	if n, err := unix.Poll(ready, patience); n != 1 || err != nil {
		t.Fatalf("the connection has not ended: %v", err)
	}
	check(t, unix.Close(listener))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
