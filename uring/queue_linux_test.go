package uring

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestNextSubmitsAFullQueue(t *testing.T) {
	r := newRing(t, Config{Entries: 4, CQEntries: 64})
	nopsInOrder(t, r, 50)
}

func TestUnsubmitted(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	if n, err := r.Submit(); n != 0 || err != nil {
		t.Errorf("Submit of nothing: %d, %v", n, err)
	}
	for want := 1; want <= 4; want++ {
		next(t, r).PrepareNop()
		if got := r.Unsubmitted(); got != want {
			t.Errorf("unsubmitted %d, want %d", got, want)
		}
	}
	if n, err := r.Submit(); n != 4 || err != nil || r.Unsubmitted() != 0 {
		t.Errorf("Submit: %d, %v, unsubmitted %d", n, err, r.Unsubmitted())
	}
	next(t, r).PrepareNop()
	if n, err := r.SubmitAndPoll(); n != 1 || err != nil {
		t.Errorf("SubmitAndPoll: %d, %v", n, err)
	}
	next(t, r).PrepareNop()
	if n, err := r.SubmitAndWait(6, time.Hour); n != 1 || err != nil {
		t.Errorf("SubmitAndWait: %d, %v", n, err)
	}
	if n := r.Copy(make([]CQE, 8)); n != 6 {
		t.Errorf("%d completions, want 6", n)
	}
}

func TestPrepareLeavesNothingBehind(t *testing.T) {
	var ts Timespec
	for name, prepare := range map[string]func(*SQE){
		"nop":    (*SQE).PrepareNop,
		"accept": func(s *SQE) { s.PrepareMultishotAccept(1, 2) },
		"recv":   func(s *SQE) { s.PrepareRecv(1, nil, 2, 3) },
		"select": func(s *SQE) { s.PrepareMultishotRecv(1, 2, 3) },
		"send":   func(s *SQE) { s.PrepareSend(1, nil, 2, 3) },
		"read":   func(s *SQE) { s.PrepareRead(1, nil, 2, -1) },
		"close":  func(s *SQE) { s.PrepareClose(1) },
		"shut":   func(s *SQE) { s.PrepareShutdown(1, 2) },
		"cancel": func(s *SQE) { s.PrepareCancel(1, 2) },
		"fd":     func(s *SQE) { s.PrepareCancelFD(1, 2) },
		"time":   func(s *SQE) { s.PrepareTimeout(&ts, 1, 2) },
	} {
		var clean, dirty SQE
		raw := (*[64]byte)(unsafe.Pointer(&dirty))
		for i := range raw {
			raw[i] = 0xff
		}
		prepare(&clean)
		prepare(&dirty)
		if *raw != *(*[64]byte)(unsafe.Pointer(&clean)) {
			t.Errorf("%s: %+v on a used slot, %+v on a clean one", name, dirty, clean)
		}
	}
}

func TestMisusePanics(t *testing.T) {
	r := newRing(t, Config{Entries: 4, CQEntries: 8})
	var s SQE
	mustPanic(t, "uring: size out of range", func() { s.PrepareSend(0, nil, -1, 0) })
	mustPanic(t, "uring: size out of range", func() { s.PrepareRecv(0, nil, -1, 0) })
	mustPanic(t, "uring: size out of range", func() { s.PrepareRead(0, nil, -1, 0) })
	mustPanic(t, "uring: waiting for more completions than the queue holds", func() { r.SubmitAndWait(9, 0) })
	mustPanic(t, "uring: entry of another ring", func() { r.Timespec(&s, 0) })
	mustPanic(t, "uring: negative duration", func() { new(Timespec).Set(-1) })
}

func TestWaitTimesOut(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	for _, timeout := range []time.Duration{0, time.Microsecond, time.Millisecond} {
		if n, err := r.SubmitAndWait(1, timeout); n != 0 || err != nil {
			t.Errorf("%v: %d, %v", timeout, n, err)
		}
	}
	next(t, r).PrepareNop()
	if n, err := r.SubmitAndWait(2, time.Millisecond); n != 1 || err != nil {
		t.Errorf("with one completion of two: %d, %v", n, err)
	}
	if n := r.Copy(make([]CQE, 2)); n != 1 {
		t.Errorf("%d completions, want 1", n)
	}
}

// A signal ends io_uring_enter with EINTR or, if the call has submitted entries, with
// success but no completion. A wait without a timeout goes on in both cases.
func TestWaitOutlivesSignals(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	fd, m := newEventFD(t), memory(t, 8)
	thread := unix.Gettid()
	for _, submitFirst := range []bool{false, true} {
		next(t, r).PrepareRead(fd, unsafe.Pointer(&m[0]), 8, 0)
		want := 1
		if submitFirst {
			want = 0
			if _, err := r.Submit(); err != nil {
				t.Fatal(err)
			}
		}
		finished, signalled := make(chan struct{}), make(chan error, 1)
		go func() {
			switches := awaitBlocked(thread, "", finished)
			err := unix.Tgkill(unix.Getpid(), thread, unix.SIGURG)
			awaitBlocked(thread, switches, finished)
			unix.Write(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
			signalled <- err
		}()
		n, err := r.SubmitAndWait(1, -1)
		close(finished)
		if n != want || err != nil || r.Copy(make([]CQE, 4)) != 1 {
			t.Errorf("wait (submitted first: %v): %d, %v, without its completion", submitFirst, n, err)
		}
		if err := <-signalled; err != nil {
			t.Fatal(err)
		}
	}
}

// awaitBlocked waits until thread sleeps in io_uring_enter and its count of voluntary
// context switches differs from before, which an earlier call returned. It returns the
// new count, or "" when giveUp is closed.
func awaitBlocked(thread int, before string, giveUp chan struct{}) string {
	call := fmt.Sprintf("/proc/self/task/%d/syscall", thread)
	status := fmt.Sprintf("/proc/self/task/%d/status", thread)
	inside := fmt.Sprintf("%d ", unix.SYS_IO_URING_ENTER)
	for {
		select {
		case <-giveUp:
			return ""
		default:
		}
		text, _ := os.ReadFile(status)
		_, switches, _ := strings.Cut(string(text), "\nvoluntary_ctxt_switches:")
		switches, _, _ = strings.Cut(switches, "\n")
		where, _ := os.ReadFile(call)
		if strings.HasPrefix(string(where), inside) && switches != before {
			return switches
		}
		runtime.Gosched()
	}
}

func TestCompletionQueueOverflows(t *testing.T) {
	r := newRing(t, Config{Entries: 4, CQEntries: 8})
	const count = 1000
	for i := range count {
		s := next(t, r)
		s.PrepareNop()
		s.UserData = uint64(i)
	}
	if _, err := r.SubmitAndPoll(); err != nil {
		t.Fatal(err)
	}
	if r.sqFlags.Load()&sqCQOverflow == 0 || !r.Pending() {
		t.Fatal("the queue did not overflow")
	}
	seen := 0
	for chunk := make([]CQE, 11); r.Pending(); {
		n := r.Copy(chunk)
		if n < len(chunk) && seen+n < count {
			t.Fatalf("Copy stopped at %d of %d", seen+n, count)
		}
		for _, c := range chunk[:n] {
			if c != (CQE{UserData: uint64(seen)}) {
				t.Fatalf("completion %d is %+v", seen, c)
			}
			seen++
		}
	}
	if seen != count {
		t.Errorf("%d completions of %d", seen, count)
	}
	nopsInOrder(t, r, 3)
}

func TestCopyInPieces(t *testing.T) {
	r := newRing(t, Config{Entries: 8, CQEntries: 8})
	want := uint64(0)
	for size := range 8 {
		for i := range 8 {
			s := next(t, r)
			s.PrepareNop()
			s.UserData = want + uint64(i)
		}
		if _, err := r.SubmitAndWait(8, -1); err != nil {
			t.Fatal(err)
		}
		dst := make([]CQE, 16)
		n := r.Copy(dst[:size])
		if n != size {
			t.Errorf("%d completions, want %d", n, size)
		}
		n += r.Copy(dst[n:])
		for _, c := range dst[:n] {
			if c.UserData != want {
				t.Errorf("user data %d, want %d", c.UserData, want)
			}
			want++
		}
	}
	if want != 64 {
		t.Errorf("%d completions, want 64", want)
	}
}

// With SetupDeferTaskrun the kernel delivers a completion only when the thread asks for
// completions. Pending says when to ask.
func TestPendingSeesDeferredWork(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	fd, m := newEventFD(t), memory(t, 8)
	next(t, r).PrepareRead(fd, unsafe.Pointer(&m[0]), 8, 0)
	if _, err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	if r.Pending() {
		t.Fatal("pending before there is anything to read")
	}
	write(t, fd, []byte{3, 0, 0, 0, 0, 0, 0, 0})
	for !r.Pending() {
		runtime.Gosched()
	}
	if _, err := r.SubmitAndPoll(); err != nil {
		t.Fatal(err)
	}
	done := make([]CQE, 2)
	if n := r.Copy(done); n != 1 || done[0].Res != 8 || m[0] != 3 || r.Pending() {
		t.Errorf("%d completions %+v, read %v", n, done, m)
	}
}
