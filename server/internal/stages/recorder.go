//go:build linux

package stages

import (
	"math"
	"sync/atomic"

	"github.com/disrust/disrust/server/metrics"
)

// Record is what requests that came in one read and were scored in one batch have in common. Its stamps
// are nanoseconds since the server's start.
type Record struct {
	Key       uint64 // the connection
	Delivered int64  // when the thread learned that their bytes are there
	Parsed    int64  // when it had found the requests among them
	Begun     int64  // when their batch began
	Scored    int64  // when their batch had its scores
	Requests  uint32
	Vectors   uint32
}

// The histograms of a Recorder: the stages, and two more.
const (
	whole     = metrics.StageCount
	vectors   = whole + 1
	histCount = vectors + 1
)

// Recorder counts the stages of a thread's requests. The thread calls Batch, Sent, NoteSlow and Publish; any goroutine may
// call the other methods. A count costs one locked addition, or less where values that follow each other are alike. That
// takes no longer than to count all in plain memory, and to make it visible later.
type Recorder struct {
	_      [64]byte
	counts [histCount][metrics.Buckets]atomic.Uint64
	sums   [histCount]atomic.Uint64 // bits of a float64
	fresh  [histCount]fresh
	slow   slow
	_      [64]byte
}

// fresh is what a histogram has counted and not yet shown: values of one bucket, because values that follow each other are
// often alike, and the sum of values.
type fresh struct {
	bucket int
	times  uint64
	sum    uint64  // of a turn
	shown  float64 // the sum that others see
}

// Bytes is the memory of a Recorder.
const Bytes = uint64(histCount*(metrics.Buckets+5)*8 + slowBytes)

// New returns a Recorder.
func New() *Recorder {
	r := new(Recorder)
	r.slow.threshold = never
	return r
}

// add counts a value as often as times says.
func (r *Recorder) add(hist int, value uint64, times uint32) {
	f, bucket := &r.fresh[hist], metrics.Bucket(value)
	if bucket != f.bucket {
		r.counts[hist][f.bucket].Add(f.times)
		f.bucket, f.times = bucket, 0
	}
	f.times += uint64(times)
	f.sum += value * uint64(times)
}

// Publish shows others what was counted. The thread calls it once per turn.
func (r *Recorder) Publish() {
	for i := range r.fresh {
		f := &r.fresh[i]
		if f.times > 0 {
			r.counts[i][f.bucket].Add(f.times)
			f.times = 0
		}
		if f.sum > 0 {
			f.shown += float64(f.sum)
			r.sums[i].Store(math.Float64bits(f.shown))
			f.sum = 0
		}
	}
}

// Batch counts the vectors of a batch.
func (r *Recorder) Batch(count uint32) { r.add(vectors, uint64(count), 1) }

// Sent counts requests whose answers were handed to the kernel at the time sent. It reports whether they
// were slow, so that the caller should call NoteSlow.
func (r *Recorder) Sent(rec *Record, sent int64) (slow bool) {
	n, stage := rec.Requests, rec.durations(sent)
	r.add(int(metrics.Read), stage[metrics.Read], n)
	r.add(int(metrics.Wait), stage[metrics.Wait], n)
	r.add(int(metrics.Score), stage[metrics.Score], n)
	r.add(int(metrics.Send), stage[metrics.Send], n)
	all := stage[metrics.Read] + stage[metrics.Wait] + stage[metrics.Score] + stage[metrics.Send]
	r.add(whole, all, n)
	return r.isSlow(all)
}

// durations returns how long each stage took. Clocks of two CPUs may differ by a little, and a batch may begin
// before the read is parsed that brought the first of its requests. So no stamp counts as earlier than
// the one before.
func (rec *Record) durations(sent int64) (stage [metrics.StageCount]uint64) {
	parsed := max(min(rec.Parsed, rec.Begun), rec.Delivered)
	begun := max(rec.Begun, parsed)
	scored := max(rec.Scored, begun)
	stage[metrics.Read] = uint64(parsed - rec.Delivered)
	stage[metrics.Wait] = uint64(begun - parsed)
	stage[metrics.Score] = uint64(scored - begun)
	stage[metrics.Send] = uint64(max(sent, scored) - scored)
	return stage
}

// AddTo adds what was counted to s. What the thread counts meanwhile may be there in part.
func (r *Recorder) AddTo(s *metrics.Stages) {
	for i := range r.counts {
		h := &s.BatchVectors
		switch {
		case i < metrics.StageCount:
			h = &s.Stage[i]
		case i == whole:
			h = &s.Whole
		}
		for bucket := range r.counts[i] {
			h.Counts[bucket] += r.counts[i][bucket].Load()
		}
		h.Sum += math.Float64frombits(r.sums[i].Load())
	}
}
