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
	// spinFor is how long a thread polls before it lets other threads run between polls. If
	// the thread that it waits for is awake, that thread answers within about this time.
	spinFor = 5 * time.Microsecond

	// pollsPerReading is how many polls a spinning thread makes per reading of the clock. A
	// reading costs as much as one or two polls.
	pollsPerReading = 16
)

// Strategy says how a thread waits for work.
type Strategy int

const (
	Auto  Strategy = iota // polls as long as polling has paid off recently, then sleeps
	Spin                  // never sleeps
	Yield                 // never sleeps, and lets other threads run between polls
	Block                 // sleeps at once
)

// Waiter decides how one thread waits for one kind of work: the thread polls, and then sleeps
// on an eventfd. A batch thread sleeps in a read of the eventfd. An I/O thread sleeps in its
// backend, which watches the eventfd.
type Waiter struct {
	strategy Strategy
	event    *eventfd.EventFD
	pollers  *atomic.Int32 // threads of the server that poll beyond spinning
	now      func() time.Time

	polling polling
	inWait  bool          // the current wait has begun, and polling has not been told how it ended
	counted bool          // this thread is counted in pollers
	limit   time.Duration // of polling in this wait
	clocked bool          // the clock was read in this wait
	began   time.Time     // the first reading of the clock in this wait
	polled  time.Duration // from the first reading to the last
}

// New returns a Waiter for one thread. The thread sleeps on event, which the caller keeps. All
// waiters of a server share pollers.
func New(strategy Strategy, event *eventfd.EventFD, pollers *atomic.Int32) *Waiter {
	return &Waiter{strategy: strategy, event: event, pollers: pollers, now: time.Now}
}

// Idle implements [ringbuf.WaitStrategy] and [loop.Waiter].
//
// If no other thread wants the CPU, a thread that yields gets it back at once. Otherwise the
// other threads may keep the CPU for as long as they compute. The yielding thread then finds
// that its time to poll has passed. It sleeps, and is woken like any other sleeper.
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
	if w.inWait { // the last wait had no sleep, so polling found work
		w.count(false)
		w.polling.found(w.polled, int(w.pollers.Load()))
	}
	w.limit, w.inWait, w.clocked, w.polled = w.polling.next(), true, false, 0
	if w.limit == 0 {
		w.began = w.now()
	}
	return w.limit > 0
}

// poll reads the clock. Once the thread has polled for spinFor, poll first lets other threads
// run. It reports whether the time to poll has passed.
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

// count adds the thread to pollers or removes it.
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
	if w.inWait {
		w.inWait = false
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

// yield lets other threads run on this CPU. The Go scheduler does not know of it, so a stop of
// the world would wait until the thread runs again; steady state has no stop of the world.
//
// runtime.Gosched is no substitute. It lets other goroutines run: a goroutine that is locked
// to its thread would be taken off the thread and put back, which takes 20 µs.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
