// Package result holds what the benchmark measured: runs, and their medians and ratios. It
// writes them as a table and as JSON.
package result

import (
	"encoding/json"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/tools/machine"
)

// Run is one server, driven once with one work. Its JSON has durations in nanoseconds.
type Run struct {
	Work  string `json:"work"`
	Peer  string `json:"peer"`
	Round int    `json:"round"` // from 1 on

	Requests int64         `json:"requests"` // answered and verified
	Vectors  int           `json:"vectors"`  // of each request
	Elapsed  time.Duration `json:"elapsed_ns"`
	Asked    float64       `json:"asked_rate,omitempty"` // requests per second that an open loop was asked for
	Unsent   int64         `json:"unsent,omitempty"`     // due at the end, but not sent because there was no room
	Rate     float64       `json:"requests_per_second"`

	// Latency, in an open loop, counts from when a request was due.
	Latency Latency `json:"latency_ns"`

	ServerCPU    time.Duration `json:"server_cpu_ns"`
	GeneratorCPU time.Duration `json:"generator_cpu_ns"`
	Busy         float64       `json:"generator_busy"` // share of its time in which the generator did not wait, or of all CPUs that it used
	Limited      string        `json:"limited,omitempty"`
}

// count returns how many requests were answered, or how many rows they had.
func (r *Run) count(rows bool) int64 {
	if rows {
		return r.Requests * int64(r.Vectors)
	}
	return r.Requests
}

// Latency holds the percentiles of a distribution.
type Latency struct {
	P50   time.Duration `json:"p50"`
	P90   time.Duration `json:"p90"`
	P99   time.Duration `json:"p99"`
	P999  time.Duration `json:"p99_9"`
	P9999 time.Duration `json:"p99_99"`
	Max   time.Duration `json:"max"`
}

// NewLatency returns the percentiles of h.
func NewLatency(h *hdrhistogram.Histogram) Latency {
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) }
	return Latency{at(50), at(90), at(99), at(99.9), at(99.99), time.Duration(h.Max())}
}

// per returns the nanoseconds of each.
func per(used time.Duration, count int64) float64 {
	if count == 0 {
		return 0
	}
	return float64(used) / float64(count)
}

// Failure is a run without figures. The server did not start, ended, gave no answer, or gave
// a wrong one.
type Failure struct {
	Work  string `json:"work"`
	Peer  string `json:"peer"`
	Round int    `json:"round"` // from 1 on
	Why   string `json:"why"`
}

// Report is the whole result: what was asked for, the machine, and all runs in the order in
// which they were made.
type Report struct {
	Command  string          `json:"command"`
	Started  time.Time       `json:"started"`
	Machine  machine.Machine `json:"machine"` // where the servers and the client ran
	Works    []Named         `json:"works"`   // in the order asked for
	Peers    []Named         `json:"peers"`   // the others are compared with the first
	Rounds   int             `json:"rounds"`
	Warmup   time.Duration   `json:"warmup_ns"`
	Duration time.Duration   `json:"duration_ns"`
	Notes    []string        `json:"notes"`
	Runs     []Run           `json:"runs"`
	Failures []Failure       `json:"failures"`

	// PerRow is whether rates and CPU times in the table are per row, and not per request.
	PerRow bool `json:"per_row,omitempty"`

	// Missing are the peers that this machine cannot run, and why.
	Missing []Named `json:"missing,omitempty"`

	// Ended says why the benchmark ended early; "" if it did not.
	Ended string `json:"ended_early,omitempty"`
}

// Named is a work or a peer: its name and what it is.
type Named struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
