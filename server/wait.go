//go:build linux

package server

import (
	"time"

	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
)

// lookFor is how long a thread with nothing to do looks for work before it
// sleeps under WaitAuto: about what the sleep and the wake-up would cost.
const lookFor = 50 * time.Microsecond

// sleeper is a consumer that sleeps on an eventfd: a batch thread in a read, an
// I/O thread in io_uring, which reads it too.
type sleeper struct {
	event *eventfd.EventFD
	spins int
}

// Idle implements [ringbuf.WaitStrategy].
func (s *sleeper) Idle(empty int) bool {
	ringbuf.BusySpin{}.Idle(empty)
	return empty > s.spins
}

// Sleep implements [ringbuf.WaitStrategy].
func (s *sleeper) Sleep() {
	if _, err := s.event.Read(); err != nil {
		panic("server: reading an eventfd: " + err.Error())
	}
}

// Wake implements [ringbuf.WaitStrategy].
func (s *sleeper) Wake() {
	if err := s.event.Signal(); err != nil {
		panic("server: signalling an eventfd: " + err.Error())
	}
}

// strategy is how the batch thread waits.
func (w Wait) strategy(event *eventfd.EventFD) ringbuf.WaitStrategy {
	switch w {
	case WaitSpin:
		return ringbuf.BusySpin{}
	case WaitYield:
		return ringbuf.Yield{}
	}
	return &sleeper{event: event, spins: w.spins()}
}

// spins is how many looks precede a sleep; negative: there is none.
func (w Wait) spins() int {
	switch w {
	case WaitBlock:
		return 0
	case WaitSpin, WaitYield:
		return -1
	}
	return max(1, int(lookFor/lookCost()))
}

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
