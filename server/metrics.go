//go:build linux

package server

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/loop"
)

// Metrics are counts since Start, summed over the threads, and gauges.
type Metrics struct {
	Accepted, Refused, Closed, AcceptErrors uint64 // connections; refused: more than MaxConns
	Denied, LateRequests, IdleConns         uint64 // connections: not from an address in Allow; ended by the two timeouts
	Published, Sent                         uint64 // requests taken in, and answered
	ModelFailures, ProtocolErrors           uint64
	RequestRingFull, ResponseRingFull       uint64 // times a request waited for room
	PoolExhausted, PoolTooLarge             uint64
	BuffersExhausted                        uint64 // times a receive found no buffer
	KernelBusy                              uint64 // times the kernel was too short of memory to take operations
	Batches, EmptyPolls                     uint64 // runs of requests scored in place and polls of the request ring that found some; polls that found none

	IOUring                  int64 // 1: the threads are on io_uring, 0: on epoll
	Conns, InFlight          int64
	PoolInUse                int64 // bytes
	BuffersHeld, BlocksInUse int64 // receive buffers, and blocks of unfinished requests and unsent answers, that connections hold
	RequestsInRing           int64
	ResponsesInRing          int64
}

// Metrics may be called by any goroutine. It costs the threads nothing.
func (s *Server) Metrics() Metrics {
	var m Metrics
	if s.io.IO == IOUring {
		m.IOUring = 1
	}
	for _, t := range s.threads {
		m.add(t.Counters(), s.cfg.ResponseRing <= s.cfg.requestShare())
		m.KernelBusy += t.backend.Busy()
		m.ResponsesInRing += int64(t.responses.Occupancy())
	}
	for _, b := range s.batchers {
		st := b.Stats()
		m.Batches += st.Polls
		m.EmptyPolls += st.EmptyPolls
	}
	for _, r := range s.requests {
		m.RequestsInRing += int64(r.Occupancy())
	}
	return m
}

// add sums up a thread. The thread bounds what it has in flight by its share of
// both rings; which one a request waited for is the smaller.
func (m *Metrics) add(c *loop.Counters, responsesBind bool) {
	m.Accepted += c.Accepted.Load()
	m.Refused += c.Refused.Load()
	m.Closed += c.Closed.Load()
	m.AcceptErrors += c.AcceptErrors.Load()
	m.Denied += c.Denied.Load()
	m.LateRequests += c.Late.Load()
	m.IdleConns += c.Idle.Load()
	m.Published += c.Published.Load()
	m.Sent += c.Sent.Load()
	m.ModelFailures += c.Failed.Load()
	m.ProtocolErrors += c.Violations.Load()
	if responsesBind {
		m.ResponseRingFull += c.RingFull.Load()
	} else {
		m.RequestRingFull += c.RingFull.Load()
	}
	m.PoolExhausted += c.PoolFull.Load()
	m.PoolTooLarge += c.PoolTooLarge.Load()
	m.BuffersExhausted += c.Starved.Load()
	m.Conns += c.Conns.Load()
	m.InFlight += c.InFlight.Load()
	m.PoolInUse += c.PoolInUse.Load()
	m.BuffersHeld += c.HeldBuffers.Load()
	m.BlocksInUse += c.Blocks.Load()
}

// Peaks are the most there was at once since the last call.
type Peaks struct {
	Requests, Responses int64 // in flight, and found at once in a response ring; of the busiest I/O thread
	PoolInUse           int64 // bytes
}

// TakePeaks returns the peaks and starts anew.
func (s *Server) TakePeaks() Peaks {
	var p Peaks
	for _, t := range s.threads {
		c := t.Counters()
		p.Requests = max(p.Requests, c.MaxInFlight.Take())
		p.Responses = max(p.Responses, c.MaxResponses.Take())
		p.PoolInUse = max(p.PoolInUse, c.MaxPoolInUse.Take())
	}
	return p
}

// String says in a line what is served, where and how.
func (s *Server) String() string {
	chosen := ""
	if s.cfg.BatchThreads == Auto {
		chosen = " (auto)"
	}
	threads := "1 I/O thread"
	if s.cfg.IOThreads > 1 {
		threads = fmt.Sprintf("%d I/O threads", s.cfg.IOThreads)
	}
	b := s.cfg.budget(s.placement, s.io.IO)
	return fmt.Sprintf("%s: %s, %s, batches %s%s, model %s, dim %d, up to %d vectors a request, memory %s and %s a connection, %s at most",
		s.listeners, threads, s.io, s.placement, chosen, s.cfg.Model, s.cfg.Dim, s.cfg.MaxVectors, size(b.Start()), size(b.Conn), size(b.Total()))
}
