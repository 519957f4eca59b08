//go:build linux

package server

import (
	"sync"

	"github.com/disrust/disrust/server/metrics"
)

// Metrics returns what the server has measured since Start. Any goroutine may call it. It
// costs the threads nothing.
func (s *Server) Metrics() metrics.Snapshot {
	var m metrics.Snapshot
	if s.io.IO == IOUring {
		m.IOUring = 1
	}
	for _, t := range s.threads {
		t.Measured().AddTo(&m)
		m.KernelBusy += t.backend.Busy()
		m.ResponsesInRing += int64(t.responses.Occupancy())
	}
	for _, b := range s.batchers {
		stats := b.Stats()
		m.Batches += stats.Polls
		m.ModelCalls += stats.Calls
		m.Rows += stats.Rows
		m.EmptyPolls += stats.EmptyPolls
	}
	m.LinesLost, m.MaxConnections = s.log.Lost(), int64(s.cfg.MaxConns)
	for _, r := range s.requests {
		m.RequestsInRing += int64(r.Occupancy())
	}
	return m
}

// peaks holds what was taken from the threads' peaks.
type peaks struct {
	mu    sync.Mutex
	since metrics.Peaks // since the last call of TakePeaks
	ever  metrics.Peaks // since Start
}

// TakePeaks returns the peaks since the last call, and resets them. Any goroutine may call
// it. When several do, each gets the peaks of a part of the time.
func (s *Server) TakePeaks() (p metrics.Peaks) {
	s.peaks.mu.Lock()
	defer s.peaks.mu.Unlock()
	s.collectPeaks()
	p, s.peaks.since = s.peaks.since, metrics.Peaks{}
	return p
}

// Peaks returns the peaks since Start. Any goroutine may call it, and TakePeaks loses nothing by it.
func (s *Server) Peaks() metrics.Peaks {
	s.peaks.mu.Lock()
	defer s.peaks.mu.Unlock()
	s.collectPeaks()
	return s.peaks.ever
}

// collectPeaks takes the threads' peaks. The caller holds the lock of s.peaks.
func (s *Server) collectPeaks() {
	for _, t := range s.threads {
		t.Measured().TakePeaks(&s.peaks.since)
	}
	s.peaks.ever.Raise(s.peaks.since)
}
