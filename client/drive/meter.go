package drive

import (
	"sync"
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/client/drive/sample"
)

// meter collects the figures of one crew. The crew locks mu once for each read or write,
// and the collecting goroutine locks it about once per second, so mu is rarely contended.
type meter struct {
	mu      sync.Mutex
	figures              // guarded by mu
	waited  atomic.Int64 // nanoseconds that the crew's thread has waited in all; only that thread adds
	ended   atomic.Int64 // when the crew was done; 0 means not yet
	delayed atomic.Int64 // nanoseconds that the crew's thread could have run but others had the CPUs; set at the end
}

// figures holds what was measured in one stretch of the run.
type figures struct {
	requests, vectors, unsent int64
	errors                    sample.Errors

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

// take returns the figures since the last take. The meter continues in empty.
func (m *meter) take(empty figures) figures {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.figures
	m.figures = empty
	return taken
}

// waitedUntil returns how long the crew has waited until the time at, which is not before
// now. A crew that is done waits for the others.
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
	f.errors.Add(g.errors)
	f.latency.Merge(g.latency)
	if f.service != nil {
		f.service.Merge(g.service)
		f.lag.Merge(g.lag)
	}
}

// fail counts errors.
func (m *meter) fail(e sample.Errors) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errors.Add(e)
}

// empty reports whether f holds nothing.
func (f *figures) empty() bool {
	return f.requests == 0 && f.unsent == 0 && f.errors == (sample.Errors{})
}

// record counts n requests of one latency, which it limits to the histogram's range, so
// that there can be no error.
func record(h *hdrhistogram.Histogram, nanos, n int64) {
	_ = h.RecordValues(max(0, min(nanos, sample.Highest)), n)
}
