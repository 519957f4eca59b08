//go:build linux

package server

import "github.com/disrust/disrust/server/metrics"

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
	m.LinesLost = s.log.Lost()
	for _, r := range s.requests {
		m.RequestsInRing += int64(r.Occupancy())
	}
	return m
}

// TakePeaks returns the peaks since the last call, and resets them. Any goroutine may call
// it. When several do, each gets the peaks of a part of the time.
func (s *Server) TakePeaks() metrics.Peaks {
	var p metrics.Peaks
	for _, t := range s.threads {
		t.Measured().TakePeaks(&p)
	}
	return p
}
