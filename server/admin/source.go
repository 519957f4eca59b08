package admin

import (
	"time"

	"github.com/disrust/disrust/server/metrics"
)

// State is where a server is in its life.
type State string

const (
	Starting State = "starting" // it loads its model, or opens its listeners
	Ready    State = "ready"
	Draining State = "draining" // it is about to end, and serves what it must
	Ended    State = "ended"
)

// Source is what an admin port tells of. Any goroutine may call its methods at any time, also before the
// server has started.
type Source interface {
	State() State
	Status() Status
	Metrics() metrics.Snapshot // zero before the server has started
	Peaks() metrics.Peaks      // since the start; reading them resets nothing

	Stages(to *metrics.Stages)         // adds how long requests took
	ThreadTimes() []metrics.ThreadTime // what each thread has done with its time
	Slow() []metrics.Slow              // reads that were slow lately, the latest first
}

// Status is what /status says. Fields may join it. The handler fills in those of [Program] and of
// [Measured].
type Status struct {
	State     State             `json:"state"`
	Started   *time.Time        `json:"started"` // null before the server has started
	Program   Program           `json:"program"`
	Flags     map[string]string `json:"flags"`
	Addresses []string          `json:"addresses"`
	IO        IO                `json:"io"`
	Threads   Threads           `json:"threads"`
	MostBytes uint64            `json:"most_bytes"` // the most memory that the server takes, with all connections
	Model     *Model            `json:"model"`      // null before the server has started
	Measured
}

// Program says what the process was built from, as far as the build knows.
type Program struct {
	Version string `json:"version"` // of the module of package main
	Commit  string `json:"commit"`  // empty: not known
	Changed bool   `json:"changed"` // there were changes that the commit does not have
	Go      string `json:"go"`
}

// IO is how the I/O threads reach the kernel.
type IO struct {
	Backend string `json:"backend"` // "io_uring" or "epoll"
	Reason  string `json:"reason"`  // why it is not io_uring although that is preferred; else empty
}

// Threads are the threads that serve.
type Threads struct {
	IO     int    `json:"io"`
	Batch  int    `json:"batch"` // 0: the I/O threads score
	Wait   string `json:"wait"`
	Pinned bool   `json:"pinned"`
}

// Model is what is served.
type Model struct {
	Name       string `json:"name"`
	Identity   string `json:"identity"` // SHA-256 in hexadecimal; empty: built in
	Format     string `json:"format"`   // of its file
	Source     string `json:"source"`   // where it comes from, such as its file
	About      string `json:"about"`    // for people
	Dim        int    `json:"dim"`
	Outputs    int    `json:"outputs"`
	Kind       string `json:"kind"`
	MaxVectors int    `json:"max_vectors"`
}

// Measured is what a server has counted, by the names that the table in the README of package server has.
type Measured struct {
	Counters map[string]uint64 `json:"counters"`
	Peaks    map[string]int64  `json:"peaks"` // since the start
	Gauges   map[string]int64  `json:"gauges"`

	Stages        map[string]Summary `json:"stages"`        // of requests, in seconds: read, wait, score, send and whole
	BatchVectors  Summary            `json:"batch_vectors"` // vectors per batch
	ThreadSeconds []ThreadSeconds    `json:"thread_seconds"`
}

// measure reads what source has counted.
func measure(source Source) Measured {
	now, peaks := source.Metrics(), source.Peaks()
	m := Measured{
		Counters: make(map[string]uint64), Peaks: make(map[string]int64), Gauges: make(map[string]int64),
		Stages: make(map[string]Summary), ThreadSeconds: threadSeconds(source),
	}
	withStages(source, func(s *metrics.Stages) {
		eachStage(s, func(name string, h *metrics.Histogram) { m.Stages[name] = summarise(h, nanosecond) })
		m.BatchVectors = summarise(&s.BatchVectors, one)
	})
	each(&now, &peaks, func(d metrics.Metric, counter uint64, value int64) {
		switch d.Kind {
		case metrics.Counter:
			m.Counters[d.Name] = counter
		case metrics.Peak:
			m.Peaks[d.Name] = value
		default:
			m.Gauges[d.Name] = value
		}
	})
	return m
}

// each calls visit with each metric and its value: the first if it is a counter, else the second.
func each(now *metrics.Snapshot, peaks *metrics.Peaks, visit func(d metrics.Metric, counter uint64, value int64)) {
	at := make(map[metrics.Kind]int) // the index of the next metric of a kind
	for _, d := range metrics.Table() {
		i := at[d.Kind]
		at[d.Kind]++
		switch d.Kind {
		case metrics.Counter:
			visit(d, now.Counters.Words()[i], 0)
		case metrics.Peak:
			visit(d, 0, peaks.Words()[i])
		default:
			visit(d, 0, now.Gauges.Words()[i])
		}
	}
}
