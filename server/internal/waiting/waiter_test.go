//go:build linux

package waiting

import (
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that advances by a microsecond with each reading.
type clock struct {
	time     time.Time
	readings int
}

func (c *clock) now() time.Time {
	c.readings++
	c.time = c.time.Add(time.Microsecond)
	return c.time
}

func newSimWaiter() (*Waiter, *clock) {
	w, c := New(Auto, nil, new(atomic.Int32)), new(clock)
	w.now = c.now
	return w, c
}

// pollUntilSleep makes w wait for work that never comes until it sleeps, and returns how often
// it polled.
func pollUntilSleep(w *Waiter) (polls int) {
	for polls = 1; !w.Idle(polls); polls++ {
	}
	return polls
}

// TestWaiterTellsPollingHowWaitsEnd: polling learns of work found before the clock was read,
// of work found later, and of work found after a sleep.
func TestWaiterTellsPollingHowWaitsEnd(t *testing.T) {
	w, c := newSimWaiter()
	w.Idle(1)
	w.Idle(1)
	if got := w.polling.gaps.shortest; got != 1 {
		t.Errorf("polling was told of %d waits that ended at once, want 1", got)
	}
	for empty := 2; w.polled < 20*time.Microsecond; empty++ {
		w.Idle(empty)
	}
	w.Idle(1)
	if w.polling.gaps.weights[20*time.Microsecond/gapWidth] == 0 {
		t.Error("polling was not told of a gap of 20 µs")
	}
	pollUntilSleep(w)
	c.time = c.time.Add(time.Second)
	w.Slept()
	if w.polling.gaps.weights[gapCount] == 0 {
		t.Error("polling was not told of a gap of a second")
	}
}

// TestWaiterReadsTheClockSeldom: the waiter does not read the clock in a wait that is over
// soon, and reads it twice for a sleep without polling.
func TestWaiterReadsTheClockSeldom(t *testing.T) {
	w, c := newSimWaiter()
	for range 1000 {
		for empty := 1; empty < pollsPerReading; empty++ {
			w.Idle(empty)
		}
	}
	if c.readings > 0 {
		t.Errorf("%d readings of the clock for waits that were over soon", c.readings)
	}
	for w.polling.next() > 0 {
		pollUntilSleep(w)
		c.time = c.time.Add(time.Second)
		w.Slept()
	}
	c.readings = 0
	if polls := pollUntilSleep(w); polls != 1 {
		t.Errorf("polled %d times, want a sleep at once", polls)
	}
	w.Slept()
	if c.readings != 2 {
		t.Errorf("%d readings of the clock for a sleep at once", c.readings)
	}
}

// TestWaiterCountsAmongPollers: a thread counts among the pollers while it polls beyond
// spinning.
func TestWaiterCountsAmongPollers(t *testing.T) {
	w, _ := newSimWaiter()
	for empty := 1; w.polled < spinFor; empty++ {
		w.Idle(empty)
		if got := w.pollers.Load(); got != 0 {
			t.Fatalf("%d pollers while one thread spins", got)
		}
	}
	w.Idle(1000)
	if got := w.pollers.Load(); got != 1 {
		t.Errorf("%d pollers, want 1", got)
	}
	w.Idle(1) // the next wait
	if got := w.pollers.Load(); got != 0 {
		t.Errorf("%d pollers after the thread found work", got)
	}
	pollUntilSleep(w)
	if got := w.pollers.Load(); got != 0 {
		t.Errorf("%d pollers while the thread sleeps", got)
	}
}

// TestOnlyAutoAndBlockSleep: Spin and Yield never sleep. Block never polls.
func TestOnlyAutoAndBlockSleep(t *testing.T) {
	for wait, sleeps := range map[Strategy]bool{Block: true, Spin: false, Yield: false} {
		w := New(wait, nil, new(atomic.Int32))
		for empty := range 10_000 {
			if w.Idle(empty+1) != sleeps {
				t.Errorf("wait %v: sleeps after %d polls", wait, empty+1)
				break
			}
		}
	}
}
