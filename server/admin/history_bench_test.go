//go:build linux

package admin

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/metrics"
)

// hourOf returns a source and its history when an hour is full.
func hourOf(b *testing.B) (*fake, *history) {
	f, c := &fake{state: Ready, times: make([]metrics.ThreadTime, 3)}, 0
	h := newHistory(f, mostSamples, time.Now())
	for range mostSamples + 1 {
		for i := range f.stages.Stage {
			for range 100 {
				c++
				f.stages.Stage[i].Add(uint64(1000+c*7919%9000), 3)
				f.stages.Whole.Add(uint64(4000+c*7919%30000), 3)
			}
		}
		f.now.Requests += 300
		h.take(time.Now())
	}
	return f, h
}

// both is a server, and what a fake adds to what it has counted.
type both struct {
	*fake
	*Life
}

func (b both) State() State              { return b.Life.State() }
func (b both) Status() Status            { return b.Life.Status() }
func (b both) Metrics() metrics.Snapshot { return b.Life.Metrics() }
func (b both) Peaks() metrics.Peaks      { return b.Life.Peaks() }
func (b both) Slow() []metrics.Slow      { return b.Life.Slow() }
func (b both) Stages(to *metrics.Stages) { b.Life.Stages(to); b.fake.Stages(to) }

func (b both) ThreadTimes() []metrics.ThreadTime { return b.Life.ThreadTimes() }

// BenchmarkSample is what the history costs every five seconds, beside a server with two I/O threads.
func BenchmarkSample(b *testing.B) {
	cfg := server.DefaultConfig()
	cfg.Port, cfg.PoolBytes, cfg.IOThreads = 0, 1<<20, 2
	s, err := server.Start(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Shutdown(context.Background())
	life := &Life{}
	life.Serves(s)
	f, _ := hourOf(b)
	h := newHistory(both{f, life}, mostSamples, time.Now())
	b.ReportAllocs()
	for b.Loop() {
		for i := range f.stages.Stage {
			f.stages.Stage[i].Add(1500, 1)
		}
		f.stages.Whole.Add(5000, 1)
		h.take(time.Now())
	}
}

// BenchmarkHistory is what a whole answer of /history costs.
func BenchmarkHistory(b *testing.B) {
	f, h := hourOf(b)
	handler := newHandler(f, Options{}, h.past)
	b.ReportAllocs()
	var w *httptest.ResponseRecorder
	for b.Loop() {
		w = ask(handler, "GET", "/history")
	}
	b.ReportMetric(float64(w.Body.Len()), "bytes")
}

// BenchmarkReading is what the page costs per second: /status and /stages.
func BenchmarkReading(b *testing.B) {
	f, _ := hourOf(b)
	handler := Handler(f, Options{})
	b.ReportAllocs()
	for b.Loop() {
		ask(handler, "GET", "/status")
		ask(handler, "GET", "/stages")
	}
}
