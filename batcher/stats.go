package batcher

import "sync/atomic"

// Stats counts what a Batcher has done since New.
type Stats struct {
	Requests   uint64 // answered
	Polls      uint64 // polls that found requests, and runs scored in place
	EmptyPolls uint64 // polls that found none
	Failures   uint64 // requests for which the model failed
	Calls      uint64 // calls of the model, also those that failed
	Rows       uint64 // rows of these calls
}

// stats is written by the batcher's goroutine, once per poll or run in place. Any goroutine
// may read it. It shares no cache line with other data.
type stats struct {
	_        [64]byte
	requests atomic.Uint64
	polls    atomic.Uint64
	empties  atomic.Uint64
	failures atomic.Uint64
	calls    atomic.Uint64
	rows     atomic.Uint64
	idle     uint64 // empty polls not yet added to empties
	newCalls uint64 // not yet added to calls
	newRows  uint64 // not yet added to rows
	_        [56]byte
}

// idleStride is how many empty polls are counted with one atomic addition, so that a thread
// that spins on an empty ring seldom pays for the counter.
const idleStride = 64

func (s *stats) batch(requests int) {
	s.requests.Add(uint64(requests))
	s.polls.Add(1)
	s.calls.Add(s.newCalls)
	s.rows.Add(s.newRows)
	s.newCalls, s.newRows = 0, 0
	s.flush()
}

// call notes a call of the model, which batch counts.
func (s *stats) call(rows int) {
	s.newCalls++
	s.newRows += uint64(rows)
}

func (s *stats) empty() {
	if s.idle++; s.idle == idleStride {
		s.flush()
	}
}

func (s *stats) flush() {
	if s.idle > 0 {
		s.empties.Add(s.idle)
		s.idle = 0
	}
}

func (s *stats) failed() { s.failures.Add(1) }

// Stats returns the counts. Any goroutine may call it. Up to idleStride-1 of the latest empty
// polls may be missing from EmptyPolls.
func (b *Batcher) Stats() Stats {
	s := &b.stats
	return Stats{Requests: s.requests.Load(), Polls: s.polls.Load(), EmptyPolls: s.empties.Load(), Failures: s.failures.Load(), Calls: s.calls.Load(), Rows: s.rows.Load()}
}
