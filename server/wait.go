//go:build linux

package server

import (
	"time"

	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"golang.org/x/sys/unix"
)

const (
	// spinFor is how long a thread with nothing to do looks for work without a break
	// under WaitAuto: what the thread that it waits for takes to answer, if that is awake.
	spinFor = 5 * time.Microsecond

	// lookFor is how long it goes on looking while it lets other threads run, before it
	// sleeps: about what the sleep and the wake-up would cost.
	lookFor = 50 * time.Microsecond

	// maxBackoff bounds how often a thread sleeps at once since it has looked in vain:
	// work that comes faster again is noticed after as many sleeps.
	maxBackoff = 15
)

// waiter is how one thread waits: it looks for work and then sleeps on an eventfd, a
// batch thread in a read, an I/O thread in io_uring, which reads it too.
type waiter struct {
	wait   Wait
	event  *eventfd.EventFD
	spins  int       // looks without a break
	yields time.Time // when the others began

	found   bool // the last look found work, as far as Idle knows
	backoff int  // waits without a look that the last one in vain was worth
	skips   int  // of them, still to come
}

func newWaiter(wait Wait, event *eventfd.EventFD) *waiter {
	return &waiter{wait: wait, event: event, spins: max(1, int(spinFor/lookCost()))}
}

// Idle implements [ringbuf.WaitStrategy].
//
// A thread that lets others run has its CPU back at once if there are none. If there
// are, it may be kept from it for as long as they compute; then it finds that its time
// to look has passed and sleeps, and is woken like any other sleeper.
func (w *waiter) Idle(empty int) (sleep bool) {
	switch w.wait {
	case WaitBlock:
		return true
	case WaitSpin:
		return ringbuf.BusySpin{}.Idle(empty)
	case WaitYield:
		yield()
		return false
	}
	if empty == 1 && w.skip() {
		return true
	}
	if empty <= w.spins {
		return ringbuf.BusySpin{}.Idle(empty)
	}
	if empty == w.spins+1 {
		w.yields = time.Now()
	}
	yield()
	if time.Since(w.yields) <= lookFor {
		return false
	}
	w.inVain()
	return true
}

// skip begins a wait and reports whether the thread is to sleep at once, since looks have
// been in vain. Where work comes more seldom than a look lasts, looking costs a CPU for
// nothing.
func (w *waiter) skip() bool {
	if w.skips > 0 {
		w.skips--
		return true
	}
	if w.found {
		w.backoff = 0
	}
	w.found = true // unless inVain says otherwise
	return false
}

// inVain ends a look that found nothing: twice as many as before are skipped.
func (w *waiter) inVain() {
	w.backoff = min(2*w.backoff+1, maxBackoff)
	w.skips, w.found = w.backoff, false
}

// Sleep implements [ringbuf.WaitStrategy].
func (w *waiter) Sleep() {
	if _, err := w.event.Read(); err != nil {
		panic("server: reading an eventfd: " + err.Error())
	}
}

// Wake implements [ringbuf.WaitStrategy].
func (w *waiter) Wake() {
	if err := w.event.Signal(); err != nil {
		panic("server: signalling an eventfd: " + err.Error())
	}
}

// yield lets other threads run on this CPU. The Go scheduler is not told: a stop of the
// world, which steady state does not have, waits until the thread runs again.
//
// runtime.Gosched lets other goroutines run: one that is locked to its thread would be
// taken off it and put back, in 20 µs.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// lookCost measures one look: the pause differs tenfold between processors.
func lookCost() time.Duration {
	const looks = 1000
	least := time.Hour
	for range 3 {
		start := time.Now()
		for i := range looks {
			ringbuf.BusySpin{}.Idle(i)
		}
		least = min(least, time.Since(start)/looks)
	}
	return max(least, time.Nanosecond)
}
