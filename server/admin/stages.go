package admin

import (
	"encoding/json"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/disrust/disrust/server/metrics"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// unit is what the numbers of a metrics.Histogram count, in the unit of its metric.
const (
	nanosecond = 1e-9 // of seconds
	one        = 1
)

// pooled are Stages to read into: one has more than 100 KB.
var pooled = sync.Pool{New: func() any { return new(metrics.Stages) }}

// withStages calls use with what source has counted so far. Nothing of it may be kept.
func withStages(source Source, use func(*metrics.Stages)) {
	s := pooled.Get().(*metrics.Stages)
	defer pooled.Put(s)
	*s = metrics.Stages{}
	source.Stages(s)
	use(s)
}

// wholeName is what metrics.Stages.Whole is called in JSON, beside the stages.
const wholeName = "whole"

// eachStage calls visit with each histogram of times and its name.
func eachStage(s *metrics.Stages, visit func(name string, h *metrics.Histogram)) {
	for i := range s.Stage {
		visit(metrics.Stage(i).String(), &s.Stage[i])
	}
	visit(wholeName, &s.Whole)
}

// Summary says how a histogram's values are distributed: seconds, or vectors. Quantiles are wrong by 1/128 at most.
type Summary struct {
	Count uint64  `json:"count"`
	Sum   float64 `json:"sum"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	P9999 float64 `json:"p9999"`
	Most  float64 `json:"most"`
}

func summarise(h *metrics.Histogram, unit float64) Summary {
	q := func(share float64) float64 { return h.Quantile(share) * unit }
	return Summary{h.Count(), h.Sum * unit, q(0.5), q(0.9), q(0.99), q(0.999), q(0.9999), q(1)}
}

// ThreadSeconds is what a thread has done with its time since the start.
type ThreadSeconds struct {
	Thread  string  `json:"thread"` // io-0, io-1 and so on, and batch
	Working float64 `json:"working"`
	Polling float64 `json:"polling"`
	Asleep  float64 `json:"asleep"`
}

func threadSeconds(source Source) []ThreadSeconds {
	all := []ThreadSeconds{}
	for _, t := range source.ThreadTimes() {
		all = append(all, ThreadSeconds{t.Thread, t.Working.Seconds(), t.Polling.Seconds(), t.Asleep.Seconds()})
	}
	return all
}

// Distribution is a whole histogram: how many values are above the end before, and at most this one.
type Distribution struct {
	UpTo   []uint64 `json:"up_to"` // nanoseconds, or vectors
	Counts []uint64 `json:"counts"`
	Sum    float64  `json:"sum"`
}

func distribution(h *metrics.Histogram) Distribution {
	d := Distribution{UpTo: []uint64{}, Counts: []uint64{}, Sum: h.Sum}
	for bucket, n := range h.Filled() {
		_, high := metrics.Bounds(bucket)
		d.UpTo, d.Counts = append(d.UpTo, high), append(d.Counts, n)
	}
	return d
}

// AllStages is what /stages says. Whoever asks twice subtracts the counts of the first answer from those of the second.
type AllStages struct {
	Stages       map[string]Distribution `json:"stages"` // read, wait, score, send and whole
	BatchVectors Distribution            `json:"batch_vectors"`
}

func (h *handler) stages(w http.ResponseWriter, _ *http.Request) {
	all := AllStages{Stages: make(map[string]Distribution)}
	withStages(h.source, func(s *metrics.Stages) {
		eachStage(s, func(name string, h *metrics.Histogram) { all.Stages[name] = distribution(h) })
		all.BatchVectors = distribution(&s.BatchVectors)
	})
	writeCompact(w, all)
}

// SlowRead is one of the reads that /slow says. Times are in seconds.
type SlowRead struct {
	When       time.Time `json:"when"` // when the thread learned of it
	Thread     string    `json:"thread"`
	Connection uint64    `json:"connection"` // of all reads of a connection, and of no other connection of its thread
	Peer       string    `json:"peer"`       // its IP address; empty: a Unix socket, or the connection had ended
	Requests   int       `json:"requests"`
	Vectors    int       `json:"vectors"`
	Read       float64   `json:"read"`
	Wait       float64   `json:"wait"`
	Score      float64   `json:"score"`
	Send       float64   `json:"send"`
	Whole      float64   `json:"whole"`
}

// SlowReads is what /slow says, the latest first.
type SlowReads struct {
	Slow []SlowRead `json:"slow"`
}

func (h *handler) slow(w http.ResponseWriter, _ *http.Request) {
	said := SlowReads{Slow: []SlowRead{}}
	for _, s := range h.source.Slow() {
		one := SlowRead{
			When: s.When, Thread: s.Thread, Connection: s.Connection, Requests: s.Requests, Vectors: s.Vectors,
			Read: s.Stage[metrics.Read].Seconds(), Wait: s.Stage[metrics.Wait].Seconds(),
			Score: s.Stage[metrics.Score].Seconds(), Send: s.Stage[metrics.Send].Seconds(), Whole: s.Whole().Seconds(),
		}
		if s.Peer.IsValid() {
			one.Peer = s.Peer.String()
		}
		said.Slow = append(said.Slow, one)
	}
	writeCompact(w, said)
}

// writeCompact answers with JSON for programs, without line breaks.
func writeCompact(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value) // a client that has left gets nothing
}

const (
	// nativeSchema divides each power of two into 128 native buckets. A bucket of a metrics.Histogram goes to
	// the native one that has its middle. A quantile from anywhere in that is then wrong by less than 1/64.
	nativeSchema = 7

	firstSecond = 1000 // nanoseconds: the end of the first classic bucket of times; each next one is twice that
	secondEnds  = 25   // the last is 16.8 seconds
	vectorEnds  = 17   // the ends are 1, 2, 4 and so on up to 65536
)

// histogram is a metric with classic and native buckets. A scrape in the text format gets the first.
type histogram struct {
	prometheus.Metric // native
	classic           prometheus.Metric
}

// Write implements [prometheus.Metric].
func (h histogram) Write(to *dto.Metric) error {
	var classic dto.Metric
	if err := h.classic.Write(&classic); err != nil {
		return err
	}
	err := h.Metric.Write(to)
	if err == nil {
		to.Histogram.Bucket = classic.Histogram.Bucket
	}
	return err
}

// newHistogram makes a metric of what h has counted. The classic buckets end at first, twice that, and so on.
func newHistogram(d *prometheus.Desc, h *metrics.Histogram, unit float64, first uint64, ends int, created time.Time, labels ...string) prometheus.Metric {
	count, sum := h.Count(), h.Sum*unit
	classic, native := make(map[float64]uint64, ends), make(map[int]int64)
	below, next := uint64(0), 0
	for i := range ends {
		end := first << i
		for ; next <= metrics.Bucket(end); next++ {
			below += h.Counts[next]
		}
		classic[float64(end)/math.Round(1/unit)] = below // a product with 1e-9, which no float64 is, would show in the label
	}
	for bucket, n := range h.Filled() {
		if bucket > 0 {
			native[nativeBucket(metrics.Middle(bucket)*unit)] += int64(n)
		}
	}
	return histogram{
		prometheus.MustNewConstNativeHistogram(d, count, sum, native, nil, h.Counts[0], nativeSchema, prometheus.DefNativeHistogramZeroThreshold, created, labels...),
		prometheus.MustNewConstHistogram(d, count, sum, classic, labels...),
	}
}

// nativeBucket returns the native bucket of a value above 0. Bucket i ends with 2^(i/2^nativeSchema).
func nativeBucket(value float64) int {
	return int(math.Ceil(math.Log2(value) * (1 << nativeSchema)))
}
