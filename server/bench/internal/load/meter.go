package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/drive/sample"
)

// meter gathers the latencies of one connection's workers.
type meter struct {
	begin time.Time // of the measured time

	mu      sync.Mutex
	latency *hdrhistogram.Histogram // guarded by mu
	last    time.Time               // when the last answer arrived; guarded by mu
}

// record records an answer, unless it arrived during the warm-up.
func (m *meter) record(asked, answered time.Time) {
	if answered.Before(m.begin) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.latency.RecordValue(min(int64(answered.Sub(asked)), sample.Highest)) // cannot fail: the value is within the range
	if answered.After(m.last) {
		m.last = answered
	}
}

// total returns the sum of meters that began together and that no goroutine uses any more.
func total(meters []*meter, vectors int) sample.Total {
	t := sample.Total{Valid: true}
	t.Latency = sample.NewHistogram()
	for _, m := range meters {
		t.Latency.Merge(m.latency)
		t.Length = max(t.Length, m.last.Sub(m.begin))
	}
	t.Requests = t.Latency.TotalCount()
	t.Vectors = t.Requests * int64(vectors)
	return t
}
