//go:build linux

package waiting

import (
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"golang.org/x/sys/unix"
)

const (
	// spinFor is how long a thread polls before it lets other threads run between polls:
	// what the thread that it waits for takes to answer, if that is awake.
	spinFor = 5 * time.Microsecond

	// pollsPerReading is how many polls a spinning thread makes for each reading of the
	// clock, which costs as much as one or two of them.
	pollsPerReading = 16
)

// Strategy says how a thread waits for work.
type Strategy int

const (
	Auto  Strategy = iota // polls for as long as that has paid off lately, then sleeps
	Spin                  // never sleeps
	Yield                 // never sleeps, lets other threads run between polls
	Block                 // sleeps at once
)

// Waiter is how one thread waits for one kind of work: it polls and then sleeps on an
// eventfd. A batch thread sleeps in a read, an I/O thread in its backend, which watches
// the eventfd.
type Waiter struct {
	strategy Strategy
	event    *eventfd.EventFD
	pollers  *atomic.Int32 // threads of the server that poll, beyond spinning
	now      func() time.Time

	polling polling
	unended bool          // polling was not told yet how the wait ended
	counted bool          // in pollers
	limit   time.Duration // of polling in this wait
	clocked bool          // the clock was read in it
	began   time.Time     // when it was first read
	polled  time.Duration // from then until it was last read
}

// New returns a Waiter for one thread. The thread sleeps on event, which stays the
// caller's. pollers is shared by all waiters of a server.
func New(strategy Strategy, event *eventfd.EventFD, pollers *atomic.Int32) *Waiter {
	return &Waiter{strategy: strategy, event: event, pollers: pollers, now: time.Now}
}

// Idle implements [ringbuf.WaitStrategy] and [loop.Waiter].
//
// A thread that lets others run has its CPU back at once if there are none. If there
// are, it may be kept from it for as long as they compute; then it finds that its time
// to poll has passed and sleeps, and is woken like any other sleeper.
func (w *Waiter) Idle(empty int) (sleep bool) {
	switch w.strategy {
	case Block:
		return true
	case Spin:
		return ringbuf.BusySpin{}.Idle(empty)
	case Yield:
		yield()
		return false
	}
	if empty == 1 && !w.begin() {
		return true
	}
	if empty < pollsPerReading || w.polled < spinFor && empty%pollsPerReading != 0 {
		return ringbuf.BusySpin{}.Idle(empty)
	}
	return w.poll()
}

// begin begins a wait and reports whether to poll in it.
func (w *Waiter) begin() bool {
	if w.unended { // it was not slept in, so polling found work
		w.count(false)
		w.polling.found(w.polled, int(w.pollers.Load()))
	}
	w.limit, w.unended, w.clocked, w.polled = w.polling.next(), true, false, 0
	if w.limit == 0 {
		w.began = w.now()
	}
	return w.limit > 0
}

// poll reads the clock and, from spinFor on, lets other threads run before. It reports
// whether the time to poll has passed.
func (w *Waiter) poll() (sleep bool) {
	if !w.clocked {
		w.clocked, w.began = true, w.now()
		return false
	}
	if w.polled >= spinFor {
		w.count(true)
		yield()
	}
	w.polled = w.now().Sub(w.began)
	if w.polled <= w.limit {
		return false
	}
	w.count(false)
	return true
}

// count counts the thread in pollers, or no longer.
func (w *Waiter) count(polls bool) {
	switch {
	case polls == w.counted:
		return
	case polls:
		w.pollers.Add(1)
	default:
		w.pollers.Add(-1)
	}
	w.counted = polls
}

// Slept implements [loop.Waiter].
func (w *Waiter) Slept() {
	if w.unended {
		w.unended = false
		w.polling.slept(w.polled, w.now().Sub(w.began)-w.polled, int(w.pollers.Load()))
	}
}

// Sleep implements [ringbuf.WaitStrategy].
func (w *Waiter) Sleep() {
	if _, err := w.event.Read(); err != nil {
		panic("waiting: reading an eventfd: " + err.Error())
	}
	w.Slept()
}

// Wake implements [ringbuf.WaitStrategy].
func (w *Waiter) Wake() {
	if err := w.event.Signal(); err != nil {
		panic("waiting: signalling an eventfd: " + err.Error())
	}
}

// yield lets other threads run on this CPU. The Go scheduler is not told: a stop of the
// world, which steady state does not have, waits until the thread runs again.
//
// runtime.Gosched lets other goroutines run: one that is locked to its thread would be
// taken off it and put back, in 20 µs.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
