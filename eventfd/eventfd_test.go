//go:build linux

package eventfd_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/disrust/disrust/eventfd"
	"golang.org/x/sys/unix"
)

func TestDescriptorBlocksAndIsClosedOnExec(t *testing.T) {
	e := newEventFD(t)
	status, err := unix.FcntlInt(uintptr(e.FD()), unix.F_GETFL, 0)
	if err != nil || status&unix.O_NONBLOCK != 0 {
		t.Errorf("status flags %#x, %v: io_uring would complete a read at once", status, err)
	}
	flags, err := unix.FcntlInt(uintptr(e.FD()), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %#x, %v: a child would inherit it", flags, err)
	}
}

func TestPollSeesTheCount(t *testing.T) {
	e := newEventFD(t)
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"new", func() {}, false},
		{"signalled", func() { signal(t, e) }, true},
		{"signalled again", func() { signal(t, e) }, true},
		{"read", func() { expectRead(t, e, 2) }, false},
	}
	for _, step := range steps {
		step.do()
		if got := isReadable(t, e); got != step.want {
			t.Errorf("%s: readable is %v", step.name, got)
		}
	}
}

// The reader starts with a count of zero. If Read did not block, it would fail with
// EAGAIN or return a count other than 1.
func TestReadBlocksUntilSignal(t *testing.T) {
	ping, pong := newEventFD(t), newEventFD(t)
	const rounds = 1000
	var echo sync.WaitGroup
	echo.Go(func() {
		for range rounds {
			if count, err := ping.Read(); count != 1 || err != nil {
				t.Errorf("ping %d, %v", count, err)
			}
			if err := pong.Signal(); err != nil {
				t.Error(err)
			}
		}
	})
	for range rounds {
		signal(t, ping)
		expectRead(t, pong, 1)
	}
	echo.Wait()
	if isReadable(t, ping) || isReadable(t, pong) {
		t.Error("a count is still above zero")
	}
}

func TestSignalsFromManyGoroutinesAddUp(t *testing.T) {
	e := newEventFD(t)
	const signallers, each = 8, 1000
	var done sync.WaitGroup
	for range signallers {
		done.Go(func() {
			for range each {
				if err := e.Signal(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var sum uint64
	for sum < signallers*each {
		count, err := e.Read()
		if err != nil {
			t.Fatal(err)
		}
		if count == 0 {
			t.Fatal("Read returned a count of 0")
		}
		sum += count
	}
	done.Wait()
	if sum != signallers*each || isReadable(t, e) {
		t.Errorf("read %d of %d signals", sum, signallers*each)
	}
}

func TestUseAfterClose(t *testing.T) {
	e := newEventFD(t)
	for range 2 {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if e.FD() != -1 {
		t.Errorf("descriptor %d", e.FD())
	}
	if err := e.Signal(); !errors.Is(err, unix.EBADF) {
		t.Errorf("Signal: %v", err)
	}
	if count, err := e.Read(); count != 0 || !errors.Is(err, unix.EBADF) {
		t.Errorf("Read: %d, %v", count, err)
	}
}

func TestCloseClosesTheDescriptor(t *testing.T) {
	e := newEventFD(t)
	fd := e.FD()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); !errors.Is(err, unix.EBADF) {
		t.Errorf("descriptor %d is still open: %v", fd, err)
	}
}

func TestCloseReturnsTheErrno(t *testing.T) {
	e := newEventFD(t)
	if err := unix.Close(e.FD()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); !errors.Is(err, unix.EBADF) {
		t.Errorf("Close: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestNewReturnsTheErrno(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := unix.Rlimit{Cur: 0, Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	e, err := eventfd.New()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if e != nil || !errors.Is(err, unix.EMFILE) {
		t.Errorf("New without descriptors: %v, %v", e, err)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	e := newEventFD(t)
	cycle := func() {
		if e.Signal() != nil {
			t.Fatal("Signal failed")
		}
		if count, err := e.Read(); count != 1 || err != nil {
			t.Fatal("Read failed")
		}
	}
	if got := testing.AllocsPerRun(100, cycle); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func newEventFD(tb testing.TB) *eventfd.EventFD {
	tb.Helper()
	e, err := eventfd.New()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close() })
	return e
}

func signal(tb testing.TB, e *eventfd.EventFD) {
	tb.Helper()
	if err := e.Signal(); err != nil {
		tb.Fatal(err)
	}
}

func expectRead(tb testing.TB, e *eventfd.EventFD, want uint64) {
	tb.Helper()
	if count, err := e.Read(); count != want || err != nil {
		tb.Fatalf("Read: %d, %v, want %d", count, err, want)
	}
}

func isReadable(tb testing.TB, e *eventfd.EventFD) bool {
	tb.Helper()
	fds := []unix.PollFd{{Fd: int32(e.FD()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		return n == 1 && fds[0].Revents&unix.POLLIN != 0
	}
}
