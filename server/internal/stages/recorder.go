//go:build linux

package stages

import (
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

// flushTurns is how many busy turns share one Flush.
const flushTurns = 64

// Recorder counts the stages of a thread's requests. Only Read and Slow may be called by others.
type Recorder struct {
	fresh [histCount][metrics.Buckets]uint32 // not yet in counts
	dirty []uint16                           // the buckets of fresh that are not zero, numbered through
	sums  [histCount]uint64
	turns int

	slow slow

	_      [64]byte // what follows is read by others
	counts [histCount][metrics.Buckets]atomic.Uint64
	total  [histCount]atomic.Uint64 // sums
	_      [64]byte
}

// Bytes is the memory of a Recorder.
const Bytes = uint64(histCount*metrics.Buckets*(4+8+2) + slowBytes)

// New returns a Recorder.
func New() *Recorder {
	r := &Recorder{dirty: make([]uint16, 0, histCount*metrics.Buckets)}
	r.slow.threshold = never
	return r
}

// add counts a value as often as times says. It writes plain memory only.
func (r *Recorder) add(hist int, value uint64, times uint32) {
	bucket := metrics.Bucket(value)
	n := &r.fresh[hist][bucket]
	if *n == 0 {
		r.dirty = append(r.dirty, uint16(hist*metrics.Buckets+bucket))
	}
	*n += times
	r.sums[hist] += value * uint64(times)
}

// Batch counts the vectors of a batch.
func (r *Recorder) Batch(count uint32) { r.add(vectors, uint64(count), 1) }

// Sent counts requests whose answers were handed to the kernel at the time sent. It reports whether they
// were slow, so that the caller should call NoteSlow.
func (r *Recorder) Sent(rec *Record, sent int64) (slow bool) {
	stage := rec.durations(sent)
	for i, d := range stage {
		r.add(i, d, rec.Requests)
	}
	all := uint64(max(0, sent-rec.Delivered))
	r.add(whole, all, rec.Requests)
	return r.isSlow(all)
}

// durations returns how long each stage took. Clocks of two CPUs may differ by a little, and a batch may begin
// before the read is parsed that brought the first of its requests. So no stamp counts as earlier than
// the one before.
func (rec *Record) durations(sent int64) (stage [metrics.StageCount]uint64) {
	last := rec.Delivered
	for i, stamp := range [...]int64{min(rec.Parsed, rec.Begun), rec.Begun, rec.Scored, sent} {
		stage[i] = uint64(max(0, stamp-last))
		last = max(last, stamp)
	}
	return stage
}

// Turn flushes now and then. A thread that is never idle calls it after each turn.
func (r *Recorder) Turn() {
	if r.turns++; r.turns >= flushTurns {
		r.Flush()
	}
}

// Flush makes all that was counted visible to others.
func (r *Recorder) Flush() {
	r.turns = 0
	if len(r.dirty) == 0 {
		return
	}
	for _, at := range r.dirty {
		hist, bucket := int(at)/metrics.Buckets, int(at)%metrics.Buckets
		n := &r.fresh[hist][bucket]
		r.counts[hist][bucket].Add(uint64(*n))
		*n = 0
	}
	r.dirty = r.dirty[:0]
	for i, sum := range r.sums {
		r.total[i].Store(sum)
	}
}

// AddTo adds what was counted to s. Any goroutine may call it. What a Flush adds meanwhile may be there in part.
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
		h.Sum += r.total[i].Load()
	}
}
