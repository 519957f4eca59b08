package admin

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/disrust/disrust/server/metrics"
)

// A history has the last hour.
const (
	sampleEvery = 5 * time.Second
	mostSamples = int(time.Hour / sampleEvery)
)

// history keeps what a source has done lately, in samples of about sampleEvery each. All its memory, half a megabyte for an
// hour, is taken when it is made.
//
// A new server behind the same source is noticed by a count that has shrunk. What it has counted then began at zero.
type history struct {
	source Source
	began  time.Time // its monotonic clock measures: setting the clock moves no sample, and an hour asleep is no hour

	mu      sync.Mutex
	taken   uint64           // samples so far, numbered from 1 on
	samples []sample         // number n at n modulo the length
	end     time.Time        // of the latest
	counted metrics.Counters // until then, as are the next two
	stages  *metrics.Stages
	times   []metrics.ThreadTime
	spare   *metrics.Stages
}

// sample is what happened in an interval.
type sample struct {
	end, length time.Duration // end: since the history began
	counted     metrics.Counters
	gauges      metrics.Gauges // at its end
	stages      [metrics.StageCount + 1]quantiles
	threads     shares
}

// quantiles are 0.5, 0.99 and 0.999 of a stage or, as the last of them, of the whole, in seconds. They are NaN without requests.
type quantiles [3]float32

// shares are how much of the threads' time they worked, polled and slept; NaN: there are no threads.
type shares [3]float32

// newHistory begins a history of what source does from now on, in at most so many samples.
func newHistory(source Source, most int, now time.Time) *history {
	h := &history{
		source: source, began: now, samples: make([]sample, most), end: now,
		counted: source.Metrics().Counters, stages: new(metrics.Stages), times: source.ThreadTimes(), spare: new(metrics.Stages),
	}
	source.Stages(h.stages)
	return h
}

// run takes samples until ctx is done.
func (h *history) run(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			h.take(time.Now()) // t's own time is earlier when the process was stopped meanwhile
		case <-ctx.Done():
			return
		}
	}
}

// take takes the sample that ends now.
func (h *history) take(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, times := h.source.Metrics(), h.source.ThreadTimes()
	stages, before := h.spare, h.stages
	*stages = metrics.Stages{}
	h.source.Stages(stages)
	if h.isAnother(&m.Counters, stages, times) {
		h.counted, h.times, *before = metrics.Counters{}, nil, metrics.Stages{}
	}

	h.taken++
	s := h.sample(h.taken)
	*s = sample{end: now.Sub(h.began), length: now.Sub(h.end), gauges: m.Gauges, threads: sharesSince(times, h.times)}
	for i, n := range m.Counters.Words() {
		s.counted.Words()[i] = n - h.counted.Words()[i]
	}
	for i := range stages.Stage {
		s.stages[i] = quantilesSince(&stages.Stage[i], &before.Stage[i])
	}
	s.stages[metrics.StageCount] = quantilesSince(&stages.Whole, &before.Whole)
	h.end, h.counted, h.times, h.stages, h.spare = now, m.Counters, times, stages, before
}

// sample returns where the sample with a number is.
func (h *history) sample(number uint64) *sample { return &h.samples[number%uint64(len(h.samples))] }

// isAnother reports whether what a source has counted shows that it tells of another server than before.
func (h *history) isAnother(counted *metrics.Counters, stages *metrics.Stages, times []metrics.ThreadTime) bool {
	for i, n := range counted.Words() {
		if n < h.counted.Words()[i] {
			return true
		}
	}
	for i := range stages.Stage {
		if hasShrunk(&stages.Stage[i], &h.stages.Stage[i]) {
			return true
		}
	}
	if hasShrunk(&stages.Whole, &h.stages.Whole) || len(times) < len(h.times) {
		return true
	}
	for i, t := range h.times {
		if n := times[i]; n.Working < t.Working || n.Polling < t.Polling || n.Asleep < t.Asleep {
			return true
		}
	}
	return false
}

func hasShrunk(now, before *metrics.Histogram) bool {
	for bucket, n := range before.Filled() {
		if now.Counts[bucket] < n {
			return true
		}
	}
	return false
}

var none = float32(math.NaN())

// quantilesSince returns quantiles of the values that now has and before has not. It takes those of before from now, and
// leaves the rest in before.
func quantilesSince(now, before *metrics.Histogram) quantiles {
	count := uint64(0)
	for bucket := range before.Counts {
		before.Counts[bucket] = now.Counts[bucket] - before.Counts[bucket]
		count += before.Counts[bucket]
	}
	if count == 0 {
		return quantiles{none, none, none}
	}
	q := func(share float64) float32 { return float32(before.Quantile(share) * nanosecond) }
	return quantiles{q(0.5), q(0.99), q(0.999)}
}

// sharesSince returns how the threads have used their time since before.
func sharesSince(now, before []metrics.ThreadTime) shares {
	var spent [3]time.Duration
	for i, t := range now {
		var b metrics.ThreadTime
		if i < len(before) {
			b = before[i]
		}
		spent[0] += t.Working - b.Working
		spent[1] += t.Polling - b.Polling
		spent[2] += t.Asleep - b.Asleep
	}
	all := spent[0] + spent[1] + spent[2]
	if all == 0 {
		return shares{none, none, none}
	}
	share := func(d time.Duration) float32 { return float32(float64(d) / float64(all)) }
	return shares{share(spent[0]), share(spent[1]), share(spent[2])}
}
