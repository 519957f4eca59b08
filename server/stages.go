//go:build linux

package server

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/disrust/disrust/server/internal/stages"
	"github.com/disrust/disrust/server/internal/waiting"
	"github.com/disrust/disrust/server/metrics"
)

// Stages adds to to how long requests have taken since Start. Any goroutine may call it. It costs the threads
// nothing.
func (s *Server) Stages(to *metrics.Stages) {
	for _, t := range s.threads {
		t.Recorder().AddTo(to)
	}
}

// Slow returns the slow reads that the threads keep, the latest first. Each I/O thread keeps the last 4,096 of
// its own, and Slow returns as many of all. Any goroutine may call it.
func (s *Server) Slow() (all []metrics.Slow) {
	for i, t := range s.threads {
		all = append(all, t.Recorder().Slow(threadName(i), s.started)...)
		slices.SortFunc(all, func(a, b metrics.Slow) int { return cmp.Or(b.When.Compare(a.When), cmp.Compare(a.Thread, b.Thread)) })
		all = all[:min(len(all), stages.SlowReads)]
	}
	return all
}

func threadName(i int) string { return fmt.Sprint("io-", i) }

// times remembers what ThreadTimes has said. No time may shrink, but a thread that stops polling to sleep works for an
// instant, which another reading may not see, and one that the kernel stops between its reading of the clock and
// the end of a span ends that span in the past.
type times struct {
	mu   sync.Mutex
	said []metrics.ThreadTime
}

// ThreadTimes returns what each thread has done with its time since Start: the I/O threads, and then the batch
// thread, if there is one. Any goroutine may call it.
func (s *Server) ThreadTimes() []metrics.ThreadTime {
	s.times.mu.Lock()
	defer s.times.mu.Unlock()
	if s.times.said == nil {
		s.times.said = make([]metrics.ThreadTime, len(s.threads))
		for i := range s.threads {
			s.times.said[i].Thread = threadName(i)
		}
		if s.placement == Dedicated {
			s.times.said = append(s.times.said, metrics.ThreadTime{Thread: "batch"})
		}
	}
	for i := range s.times.said {
		of := &s.batchTimes
		if i < len(s.threads) {
			of = s.threads[i].Times()
		}
		now, polling, asleep := of.At(s.clock)
		said := &s.times.said[i]
		said.Polling, said.Asleep = max(said.Polling, time.Duration(polling)), max(said.Asleep, time.Duration(asleep))
		said.Working = max(said.Working, time.Duration(now)-said.Polling-said.Asleep)
	}
	return slices.Clone(s.times.said)
}

// timedWaiter is the batch thread's Waiter. It notes when the thread polls and when it sleeps.
type timedWaiter struct {
	*waiting.Waiter
	times *stages.Times
	clock func() int64
}

// Idle implements [ringbuf.WaitStrategy].
func (w timedWaiter) Idle(empty int) (sleep bool) {
	if empty == 1 {
		w.times.Poll(w.clock())
	}
	return w.Waiter.Idle(empty)
}

// Sleep implements [ringbuf.WaitStrategy].
func (w timedWaiter) Sleep() {
	w.times.Sleep(w.clock())
	w.Waiter.Sleep()
	w.times.Poll(w.clock())
}

// batchClock returns the clock of a batcher. A batch thread reads it when a batch begins: from then on, it works.
func (s *Server) batchClock() func() int64 {
	if s.placement != Dedicated {
		return s.clock
	}
	return func() int64 {
		now := s.clock()
		s.batchTimes.Work(now)
		return now
	}
}
