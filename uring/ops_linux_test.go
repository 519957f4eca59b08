package uring

import (
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestAcceptRecvSend(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	listener, address := listen(t)
	s := next(t, r)
	s.PrepareAccept(listener, unix.SOCK_CLOEXEC)
	s.UserData = 1
	client := dial(t, address)
	c := reapOne(t, r, 1)
	if c.Err() != nil || c.More() {
		t.Fatalf("accept: %+v", c)
	}
	server := int(c.Res)
	defer unix.Close(server)
	if flags, err := unix.FcntlInt(uintptr(server), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("accepted descriptor has flags %#x, %v", flags, err)
	}

	m := memory(t, 64)
	write(t, client, []byte("ping"))
	s = next(t, r)
	s.PrepareRecv(server, unsafe.Pointer(&m[0]), len(m), 0)
	s.UserData = 2
	if c := reapOne(t, r, 2); c.Res != 4 || string(m[:4]) != "ping" {
		t.Errorf("recv: %+v %q", c, m[:4])
	}

	s = next(t, r)
	s.PrepareSend(server, unsafe.Pointer(&m[0]), 4, unix.MSG_NOSIGNAL)
	s.UserData = 3
	if c := reapOne(t, r, 3); c.Res != 4 {
		t.Errorf("send: %+v", c)
	}
	var got [8]byte
	if n, err := unix.Read(client, got[:]); n != 4 || err != nil || string(got[:4]) != "ping" {
		t.Errorf("client read %q, %v", got[:n], err)
	}
}

func TestMultishotAccept(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	listener, address := listen(t)
	s := next(t, r)
	s.PrepareMultishotAccept(listener, unix.SOCK_CLOEXEC)
	s.UserData = 1
	for range 5 {
		client := dial(t, address)
		c := reapOne(t, r, 1)
		if c.Err() != nil || !c.More() {
			t.Fatalf("accept: %+v", c)
		}
		write(t, int(c.Res), []byte{7})
		unix.Close(int(c.Res))
		var got [2]byte
		if n, err := unix.Read(client, got[:]); n != 1 || err != nil || got[0] != 7 {
			t.Errorf("client read %v, %v", got[:n], err)
		}
	}
	next(t, r).PrepareCancel(1, 0)
	for _, c := range reap(t, r, 2) {
		if c.UserData == 1 && (c.Err() != unix.ECANCELED || c.More()) || c.UserData == 0 && c.Res != 0 {
			t.Errorf("cancelled: %+v", c)
		}
	}
}

func TestRecvSeesTheEnd(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	a, b := sockets(t)
	m := memory(t, 8)
	s := next(t, r)
	s.PrepareShutdown(a, unix.SHUT_WR)
	s.UserData = 1
	if c := reapOne(t, r, 1); c.Res != 0 {
		t.Errorf("shutdown: %+v", c)
	}
	s = next(t, r)
	s.PrepareRecv(b, unsafe.Pointer(&m[0]), 8, 0)
	s.UserData = 2
	if c := reapOne(t, r, 2); c.Res != 0 || c.Err() != nil {
		t.Errorf("recv: %+v", c)
	}
	s = next(t, r)
	s.PrepareSend(a, unsafe.Pointer(&m[0]), 8, unix.MSG_NOSIGNAL)
	s.UserData = 3
	if c := reapOne(t, r, 3); c.Err() != unix.EPIPE {
		t.Errorf("send: %+v", c)
	}
}

func TestReadEventFD(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	fd, m := newEventFD(t), memory(t, 8)
	s := next(t, r)
	s.PrepareRead(fd, unsafe.Pointer(&m[0]), 8, 0)
	s.UserData = 1
	if _, err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	write(t, fd, []byte{5, 0, 0, 0, 0, 0, 0, 0})
	if c := reapOne(t, r, 1); c.Res != 8 || m[0] != 5 {
		t.Errorf("read: %+v %v", c, m)
	}
}

func TestReadAtOffset(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	fd, err := unix.MemfdCreate("rows", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	write(t, fd, []byte("0123456789"))
	m := memory(t, 8)
	for offset, want := range map[int64]string{0: "012", 4: "456", -1: ""} {
		s := next(t, r)
		s.PrepareRead(fd, unsafe.Pointer(&m[0]), 3, offset)
		if c := reap(t, r, 1)[0]; int(c.Res) != len(want) || string(m[:len(want)]) != want {
			t.Errorf("at %d: %+v %q, want %q", offset, c, m[:3], want)
		}
	}
}

func TestClosesDescriptors(t *testing.T) {
	r := newRing(t, Config{Entries: 2})
	m := memory(t, 8)
	// The close uses a slot that a send used before: nothing of the send may remain.
	for range 4 {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		next(t, r).PrepareSend(pair[0], unsafe.Pointer(&m[0]), 8, unix.MSG_NOSIGNAL)
		next(t, r).PrepareSend(pair[0], unsafe.Pointer(&m[0]), 8, unix.MSG_NOSIGNAL)
		reap(t, r, 2)
		next(t, r).PrepareClose(pair[0])
		if c := reap(t, r, 1)[0]; c.Res != 0 {
			t.Errorf("close: %+v", c)
		}
		if _, err := unix.FcntlInt(uintptr(pair[0]), unix.F_GETFD, 0); err != unix.EBADF {
			t.Errorf("descriptor still open: %v", err)
		}
		var got [32]byte
		if n, err := unix.Read(pair[1], got[:]); n != 16 || err != nil {
			t.Errorf("peer read %d bytes, %v", n, err)
		}
		if n, err := unix.Read(pair[1], got[:]); n != 0 || err != nil {
			t.Errorf("peer did not see the end: %d, %v", n, err)
		}
		unix.Close(pair[1])
	}
	next(t, r).PrepareClose(1 << 20)
	if c := reap(t, r, 1)[0]; c.Err() != unix.EBADF {
		t.Errorf("close of a number that is no descriptor: %+v", c)
	}
}

func TestTimeout(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	for i, d := range []time.Duration{0, time.Nanosecond, time.Millisecond} {
		s := next(t, r)
		s.PrepareTimeout(r.Timespec(s, d), 0, 0)
		s.UserData = uint64(i)
		if c := reapOne(t, r, uint64(i)); c.Err() != unix.ETIME {
			t.Errorf("after %v: %+v", d, c)
		}
	}
}

// Each slot has a timespec of its own, so timeouts submitted together differ.
func TestTimeoutsTogether(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	for i, d := range []time.Duration{time.Hour, 0, time.Hour} {
		s := next(t, r)
		s.PrepareTimeout(r.Timespec(s, d), 0, 0)
		s.UserData = uint64(i)
	}
	if c := reapOne(t, r, 1); c.Err() != unix.ETIME {
		t.Errorf("short timeout: %+v", c)
	}
	next(t, r).PrepareCancel(0, AsyncCancelAny|AsyncCancelAll)
	for _, c := range reap(t, r, 3) {
		if c.Err() != unix.ECANCELED && c.Res != 2 {
			t.Errorf("cancelled: %+v", c)
		}
	}
}

func TestTimeoutCounts(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	s := next(t, r)
	s.PrepareTimeout(r.Timespec(s, time.Hour), 2, 0)
	s.UserData = 9
	nops := 0
	for range 2 {
		next(t, r).PrepareNop()
	}
	for _, c := range reap(t, r, 3) {
		if c.UserData == 9 && (c.Res != 0 || nops != 2) {
			t.Errorf("after %d completions: %+v", nops, c)
		}
		nops++
	}
}

func TestCancel(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	a, b := sockets(t)
	m := memory(t, 16)
	recv := func(fd int, userData uint64) {
		s := next(t, r)
		s.PrepareRecv(fd, unsafe.Pointer(&m[0]), 8, 0)
		s.UserData = userData
	}
	results := func(count int) map[uint64]int32 {
		got := map[uint64]int32{}
		for _, c := range reap(t, r, count) {
			got[c.UserData] = c.Res
		}
		return got
	}
	recv(a, 1)
	recv(b, 2)
	s := next(t, r)
	s.PrepareCancel(1, 0)
	s.UserData = 3
	if got := results(2); got[1] != -int32(unix.ECANCELED) || got[3] != 0 || len(got) != 2 {
		t.Errorf("by user data: %v", got)
	}
	s = next(t, r)
	s.PrepareCancel(1, 0)
	s.UserData = 4
	if c := reapOne(t, r, 4); c.Err() != unix.ENOENT {
		t.Errorf("again: %+v", c)
	}
	recv(b, 5)
	recv(a, 6)
	s = next(t, r)
	s.PrepareCancelFD(b, AsyncCancelAll)
	s.UserData = 7
	want := map[uint64]int32{2: -int32(unix.ECANCELED), 5: -int32(unix.ECANCELED), 7: 2}
	if got := results(3); len(got) != 3 || got[2] != want[2] || got[5] != want[5] || got[7] != want[7] {
		t.Errorf("by descriptor: %v, want %v", got, want)
	}
	write(t, b, []byte("still there"))
	if c := reapOne(t, r, 6); c.Res != 8 {
		t.Errorf("the one not cancelled: %+v", c)
	}
}
