package admin

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/disrust/disrust/server/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exposition returns the handler of /metrics. Answers are not compressed: that would cost the process more
// than the bytes that it saves.
func exposition(source Source) http.HandlerFunc {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(source),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP
}

// collector makes metrics of what a Source says when it is scraped. Between scrapes it holds nothing.
type collector struct {
	source Source
	descs  map[string]*prometheus.Desc // of package metrics, by their names at /metrics
	build  *prometheus.Desc
	model  *prometheus.Desc
	ready  *prometheus.Desc
	io     *prometheus.Desc
	batch  *prometheus.Desc
	stages *prometheus.Desc
	whole  *prometheus.Desc
	sizes  *prometheus.Desc
	spent  *prometheus.Desc
	made   time.Time
}

func newCollector(source Source) *collector {
	c := &collector{
		source: source,
		descs:  make(map[string]*prometheus.Desc),
		build:  prometheus.NewDesc("disrust_build_info", "what the program was built from; always 1", []string{"version", "commit", "go_version"}, nil),
		model:  prometheus.NewDesc("disrust_model_info", "the model that is served; always 1", []string{"name", "identity", "format"}, nil),
		ready:  prometheus.NewDesc("disrust_ready", "1: the server is ready; 0: it starts or drains", nil, nil),
		io:     prometheus.NewDesc("disrust_io_threads", "threads that own connections", nil, nil),
		batch:  prometheus.NewDesc("disrust_batch_threads", "threads that only score", nil, nil),
		stages: prometheus.NewDesc("disrust_stage_seconds", "how long a request spent in a stage: read, wait, score or send", []string{"stage"}, nil),
		whole:  prometheus.NewDesc("disrust_request_seconds", "how long a request took in all stages together", nil, nil),
		sizes:  prometheus.NewDesc("disrust_batch_vectors", "vectors per batch: scored in place from one read, or drained from the ring together", nil, nil),
		spent:  prometheus.NewDesc("disrust_thread_seconds_total", "what a thread has done with its time: working, polling or asleep", []string{"thread", "state"}, nil),
		made:   time.Now(),
	}
	for _, m := range metrics.Table() {
		help := m.Help
		if m.Kind == metrics.Peak {
			help += ", on the busiest I/O thread, since the start"
		}
		c.descs[m.Exposed] = prometheus.NewDesc(m.Exposed, help, nil, nil)
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
	for _, d := range []*prometheus.Desc{c.build, c.model, c.ready, c.io, c.batch, c.stages, c.whole, c.sizes, c.spent} {
		to <- d
	}
}

// Collect implements [prometheus.Collector]. It runs on a goroutine of its own, where a panic, such as one of
// a model that says what it is, would end the process. The scrape fails instead.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	defer func() {
		if p := recover(); p != nil {
			to <- prometheus.NewInvalidMetric(c.build, fmt.Errorf("a panic: %v", p))
		}
	}()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		for i := range labels {
			labels[i] = strings.ToValidUTF8(labels[i], "�") // a name from a file may be anything
		}
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	p, status := program(), c.source.Status()
	gauge(c.build, 1, p.Version, p.Commit, p.Go)
	if m := status.Model; m != nil {
		gauge(c.model, 1, m.Name, m.Identity, m.Format)
		gauge(c.io, float64(status.Threads.IO))
		gauge(c.batch, float64(status.Threads.Batch))
	}
	ready := 0.
	if status.State == Ready {
		ready = 1
	}
	gauge(c.ready, ready)
	c.collectStages(to)
	now, peaks := c.source.Metrics(), c.source.Peaks()
	each(&now, &peaks, func(d metrics.Metric, counter uint64, value int64) {
		if d.Kind == metrics.Counter {
			to <- prometheus.MustNewConstMetric(c.descs[d.Exposed], prometheus.CounterValue, float64(counter))
			return
		}
		gauge(c.descs[d.Exposed], float64(value))
	})
}

func (c *collector) collectStages(to chan<- prometheus.Metric) {
	withStages(c.source, func(s *metrics.Stages) {
		for i := range s.Stage {
			to <- newHistogram(c.stages, &s.Stage[i], nanosecond, firstSecond, secondEnds, c.made, metrics.Stage(i).String())
		}
		to <- newHistogram(c.whole, &s.Whole, nanosecond, firstSecond, secondEnds, c.made)
		to <- newHistogram(c.sizes, &s.BatchVectors, one, 1, vectorEnds, c.made)
	})
	for _, t := range threadSeconds(c.source) {
		for state, seconds := range map[string]float64{"working": t.Working, "polling": t.Polling, "asleep": t.Asleep} {
			to <- prometheus.MustNewConstMetric(c.spent, prometheus.CounterValue, seconds, t.Thread, state)
		}
	}
}
