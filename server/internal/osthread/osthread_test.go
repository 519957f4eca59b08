//go:build linux

package osthread

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The main thread never ends, so the main goroutine keeps it.
func init() { runtime.LockOSThread() }

// lose starts a goroutine on a thread of its own, which then unlocks itself and ends, and
// returns the number of the thread.
func lose() int {
	lost := make(chan int)
	go func() {
		runtime.LockOSThread()
		thread := unix.Gettid()
		runtime.UnlockOSThread()
		lost <- thread
	}()
	return <-lost
}

// awaitEnd waits until a thread has ended.
func awaitEnd(t *testing.T, thread int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	const patience = 20 * time.Second
	for began := time.Now(); exists(thread); <-tick.C {
		if time.Since(began) > patience {
			t.Fatalf("thread %d lives", thread)
		}
	}
}

// TestEnd: a thread that has slipped from its goroutine runs last, and ends. The threads that
// the scheduler starts meanwhile serve again in the next round.
func TestEnd(t *testing.T) {
	runtime.LockOSThread() // to a thread that is not lost
	defer runtime.UnlockOSThread()
	const rounds = 20
	before := len(threads())
	for range rounds {
		thread, ran := lose(), 0
		if !End(thread, func() { ran = unix.Gettid() }) || ran != thread {
			t.Fatalf("on thread %d ran what was to run on %d", ran, thread)
		}
		awaitEnd(t, thread)
	}
	if after := len(threads()); after >= before+rounds {
		t.Errorf("%d threads, and %d before", after, before)
	}
}

// TestEndOwn: a thread that has not slipped ends with its goroutine.
func TestEndOwn(t *testing.T) {
	ended := make(chan int)
	go func() {
		runtime.LockOSThread()
		runtime.UnlockOSThread()
		runtime.LockOSThread()
		thread, ran := unix.Gettid(), false
		if !End(thread, func() { ran = true }) || !ran {
			t.Error("last did not run")
		}
		ended <- thread
	}()
	thread := <-ended
	if thread != unix.Getpid() {
		awaitEnd(t, thread)
	}
}

// TestEndOccupied: End gives up a thread that is held by another goroutine, and one that does
// not exist.
func TestEndOccupied(t *testing.T) {
	held, release := make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		held <- unix.Gettid()
		<-release
		runtime.UnlockOSThread()
	}()
	runtime.LockOSThread() // to another thread than those below
	defer runtime.UnlockOSThread()
	for _, thread := range []int{<-held, 1 << 30} {
		if End(thread, func() { t.Error("last ran") }) {
			t.Errorf("thread %d has ended", thread)
		}
	}
	close(release)
}
