package drive

import (
	"sync"
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/client/drive/sample"
)

// meter gathers the figures of one crew. The crew records under mu, once for
// each read or write; whoever reports takes what is there. Uncontended but for
// that once a second.
type meter struct {
	mu      sync.Mutex
	figures              // guarded by mu
	waited  atomic.Int64 // nanoseconds the crew's thread has waited in all; only it adds
	ended   atomic.Int64 // when the crew was done; 0: not yet
}

// figures is what was measured in a stretch of the run.
type figures struct {
	requests, vectors, unsent int64

	latency      *hdrhistogram.Histogram
	service, lag *hdrhistogram.Histogram // nil in a closed loop
}

func newFigures(open bool) figures {
	f := figures{latency: sample.NewHistogram()}
	if open {
		f.service, f.lag = sample.NewHistogram(), sample.NewHistogram()
	}
	return f
}

// take returns what was recorded since the last take and goes on in empty.
func (m *meter) take(empty figures) figures {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.figures
	m.figures = empty
	return taken
}

// waitedUntil returns how long the crew had waited at a time not before now. One
// that is done waits for the others.
func (m *meter) waitedUntil(at int64) int64 {
	waited := m.waited.Load()
	if ended := m.ended.Load(); ended > 0 {
		waited += max(0, at-ended)
	}
	return waited
}

// merge adds g to f.
func (f *figures) merge(g figures) {
	f.requests += g.requests
	f.vectors += g.vectors
	f.unsent += g.unsent
	f.latency.Merge(g.latency)
	if f.service != nil {
		f.service.Merge(g.service)
		f.lag.Merge(g.lag)
	}
}

// record counts n requests of one latency. Within the histogram's range, where
// it is kept, there is no error.
func record(h *hdrhistogram.Histogram, nanos, n int64) {
	_ = h.RecordValues(max(0, min(nanos, sample.Highest)), n)
}
