//go:build linux

package loop

import (
	"sync/atomic"

	"github.com/disrust/disrust/server/metrics"
)

// Measured holds what a thread has measured. Any goroutine may read it. The thread adds to
// it once per turn. It shares no cache line with data of other threads.
type Measured struct {
	_        [64]byte
	counters [len(metrics.CounterWords{})]atomic.Uint64
	gauges   [len(metrics.GaugeWords{})]atomic.Int64
	peaks    [len(metrics.PeakWords{})]atomic.Int64
	_        [64]byte
}

// Measured returns t's measurements. Any goroutine may call it.
func (t *Thread) Measured() *Measured { return &t.measured }

// AddTo adds the thread's counters and gauges to s.
func (m *Measured) AddTo(s *metrics.Snapshot) {
	for i := range m.counters {
		s.Counters.Words()[i] += m.counters[i].Load()
	}
	for i := range m.gauges {
		s.Gauges.Words()[i] += m.gauges[i].Load()
	}
}

// TakePeaks raises each peak in p to the thread's, and resets the thread's.
func (m *Measured) TakePeaks(p *metrics.Peaks) {
	for i := range m.peaks {
		p.Words()[i] = max(p.Words()[i], m.peaks[i].Swap(0))
	}
}

// tally is what one turn adds to Measured. It keeps counters and peaks in plain memory
// until the turn ends.
type tally struct {
	metrics.Counters
	metrics.Peaks
}

// count adds the turn's tally to Measured and resets the tally. A load is cheap and an
// atomic store is not, so count writes only values that have changed.
func (t *Thread) count() {
	m := &t.measured
	for i, n := range t.tally.Counters.Words() {
		if n != 0 {
			m.counters[i].Add(n)
		}
	}
	for i, n := range t.tally.Peaks.Words() {
		if n > m.peaks[i].Load() {
			m.peaks[i].Store(n)
		}
	}
	gauges := t.gauges()
	for i, n := range gauges.Words() {
		if n != m.gauges[i].Load() {
			m.gauges[i].Store(n)
		}
	}
	t.tally = tally{}
}

// gauges returns the gauges that the thread knows.
func (t *Thread) gauges() metrics.Gauges {
	return metrics.Gauges{
		Conns:       int64(t.conns.Len()),
		InFlight:    int64(t.inFlight),
		PoolBytes:   int64(t.pool.InUse()),
		BuffersHeld: int64(t.held),
		BlocksInUse: int64(t.partials.InUse() + t.outputs.InUse()),
	}
}
