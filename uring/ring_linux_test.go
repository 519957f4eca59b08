package uring

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nopsInOrder checks that count nops complete exactly once each, in order.
func nopsInOrder(t tb, r *Ring, count int) {
	t.Helper()
	for i := range count {
		s := next(t, r)
		s.PrepareNop()
		s.UserData = uint64(i)
	}
	for i, c := range reap(t, r, count) {
		if c != (CQE{UserData: uint64(i)}) {
			t.Fatalf("completion %d of %d is %+v", i, count, c)
		}
	}
}

// echo sends a message over a socket pair and receives it through the same ring.
func echo(t testing.TB, r *Ring) {
	t.Helper()
	a, b := sockets(t)
	m := memory(t, 64)
	n := copy(m, "rows")
	s := next(t, r)
	s.PrepareRecv(b, unsafe.Pointer(&m[32]), 32, 0)
	s.UserData = 1
	if _, err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	s = next(t, r)
	s.PrepareSend(a, unsafe.Pointer(&m[0]), n, unix.MSG_NOSIGNAL)
	s.UserData = 2
	seen := map[uint64]int32{}
	for _, c := range reap(t, r, 2) {
		seen[c.UserData] = c.Res
	}
	if seen[1] != int32(n) || seen[2] != int32(n) || string(m[32:32+n]) != "rows" {
		t.Fatalf("results %v, received %q", seen, m[32:32+n])
	}
}

func TestDescription(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	if !strings.HasPrefix(r.String(), "io_uring 8/32 ") || !strings.HasSuffix(r.String(), " registered-fd") {
		t.Errorf("String is %q", r)
	}
	if want := uint32(FeatSingleMmap | FeatNoDrop | FeatSubmitStable | FeatExtArg); r.Features()&want != want {
		t.Errorf("features %#x lack some of %#x", r.Features(), want)
	}
	if want := uint32(SetupCQSize | SetupSubmitAll | SetupTaskrunFlag); r.Flags()&want != want {
		t.Errorf("flags %#x lack some of %#x", r.Flags(), want)
	}
}

func TestRegisteredFD(t *testing.T) {
	first, second := newRing(t, Config{Entries: 8}), newRing(t, Config{Entries: 8})
	if first.enterFlags != enterRegisteredRing || second.enterFlags != enterRegisteredRing || first.enterFD == second.enterFD {
		t.Fatalf("registered as %d and %d", first.enterFD, second.enterFD)
	}
	nopsInOrder(t, first, 3)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	nopsInOrder(t, second, 3)
	third := newRing(t, Config{Entries: 8})
	nopsInOrder(t, third, 3)
	nopsInOrder(t, second, 3)
}

func TestClose(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	nopsInOrder(t, r, 3)
	fd := r.fd
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("descriptor still open: %v", err)
	}
	_, nextErr := r.Next()
	_, submitErr := r.Submit()
	_, pollErr := r.SubmitAndPoll()
	_, waitErr := r.SubmitAndWait(1, -1)
	_, waitForErr := r.SubmitAndWait(1, 0)
	for _, err := range []error{nextErr, submitErr, pollErr, waitErr, waitForErr} {
		if !errors.Is(err, unix.EBADF) || !strings.HasPrefix(err.Error(), "uring: the ring is closed") {
			t.Errorf("after Close: %v", err)
		}
	}
	if r.Pending() || r.Copy(make([]CQE, 1)) != 0 || r.Unsubmitted() != 0 {
		t.Error("a closed ring has completions")
	}
}

func TestOtherThread(t *testing.T) {
	registered, plain := newRing(t, Config{Entries: 8}), newRing(t, Config{Entries: 8})
	plain.enterFD, plain.enterFlags = plain.fd, 0
	for _, r := range []*Ring{registered, plain} {
		next(t, r).PrepareNop()
		report := make(chan error)
		go func() {
			runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
			_, err := r.SubmitAndPoll()
			report <- err
		}()
		if err := <-report; !errors.Is(err, ErrOtherThread) || !strings.HasPrefix(err.Error(), "uring: the ring belongs to another thread: ") {
			t.Errorf("from another thread: %v", err)
		}
		reap(t, r, 1)
	}
}

// TestOtherThreadWithRing: a thread that has a ring of its own does not reach it by another
// thread's.
func TestOtherThreadWithRing(t *testing.T) {
	stray := newRing(t, Config{Entries: 8})
	next(t, stray).PrepareNop()
	report := make(chan error)
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		own, err := New(Config{Entries: 8})
		if err == nil {
			_, err = stray.SubmitAndPoll()
			own.Close()
		}
		report <- err
	}()
	if err := <-report; !errors.Is(err, ErrOtherThread) {
		t.Errorf("from another thread: %v", err)
	}
	reap(t, stray, 1)
}

// TestCloseOnOtherThread: a Close on a thread that has a ring of its own leaves that ring
// registered, also where the kernel does not know of IORING_SETUP_SINGLE_ISSUER and so does
// not refuse.
func TestCloseOnOtherThread(t *testing.T) {
	k := linux
	k.setup = func(entries uint32, p *params) (int, unix.Errno) {
		if p.flags&SetupSingleIssuer != 0 {
			return -1, unix.EINVAL
		}
		return sysSetup(entries, p)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stray, err := k.open(Config{Entries: 8})
	if err != nil {
		t.Fatal(err)
	}
	report := make(chan error)
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		own, err := New(Config{Entries: 8})
		if err == nil {
			stray.enterFD = own.enterFD // as if the descriptors were 16 apart
			err = stray.Close()
		}
		if err == nil {
			err = errors.Join(own.completesNop(), own.Close())
		}
		report <- err
	}()
	if err := <-report; err != nil {
		t.Error(err)
	}
}

func TestProbe(t *testing.T) {
	o, err := Probe()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []Op{OpNop, OpTimeout, OpAccept, OpAsyncCancel, OpClose, OpRead, OpSend, OpRecv, OpShutdown} {
		if !o.Supports(op) {
			t.Errorf("operation %d is not supported", op)
		}
	}
	if o.Supports(255) {
		t.Error("operation 255 is supported")
	}
	if (Operations{}).Supports(OpNop) {
		t.Error("the empty set has an operation")
	}
	if OpNop.String() != "IORING_OP_NOP" || Op(255).String() != "io_uring operation 255" {
		t.Errorf("operations are called %q and %q", OpNop, Op(255))
	}
}

func TestNothingAllocates(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	bufs := newBufRing(t, r, 2, 8)
	to, from := sockets(t)
	m := memory(t, 8)
	var done [8]CQE
	check := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
	check("poll", func() {
		next(t, r).PrepareNop()
		r.SubmitAndPoll()
		r.Copy(done[:])
	})
	check("wait", func() {
		for range 2 * len(done) {
			next(t, r).PrepareNop()
		}
		r.SubmitAndWait(8, -1)
		for r.Pending() {
			r.Copy(done[:])
		}
	})
	check("buffers", func() {
		next(t, r).PrepareSend(to, unsafe.Pointer(&m[0]), 8, unix.MSG_NOSIGNAL)
		next(t, r).PrepareRecvSelect(from, 7, 0)
		r.SubmitAndWait(2, -1)
		for _, c := range done[:r.Copy(done[:])] {
			if id, ok := c.BufferID(); ok {
				bufs.Bytes(id, int(c.Res))
				bufs.Recycle(id)
			} else if c.Err() != nil {
				t.Fatal(c.Err())
			}
		}
		bufs.Publish()
	})
	check("timeout", func() {
		s := next(t, r)
		s.PrepareTimeout(r.Timespec(s, 0), 0, 0)
		r.SubmitAndWait(1, -1)
		r.SubmitAndWait(1, 0)
		if r.Copy(done[:]) != 1 || done[0].Err() != unix.ETIME {
			t.Fatalf("timeout: %+v", done[0])
		}
	})
}
