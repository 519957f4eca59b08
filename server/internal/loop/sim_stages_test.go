//go:build linux

package loop

import "github.com/disrust/disrust/server/metrics"

// virtual is the clock of a world. Time passes whenever the thread or the batch thread reads it, and
// while the model computes.
type virtual struct {
	now      int64
	computed int64 // while the model computed
}

// rowTime is how long the model takes for a row.
const rowTime = 1000

func (v *virtual) read() int64 {
	v.now++
	return v.now
}

func (v *virtual) compute(rows int) {
	v.now += int64(rows) * rowTime
	v.computed += int64(rows) * rowTime
}

// checkStages: every request counts once in each stage and in the whole. The stages together are the whole.
// Scoring has taken at least as long as the model computed, unless answers were held back: these share stamps. No request took longer than there was time, and the thread did not poll and sleep for longer.
func (w *world) checkStages() {
	s, c := new(metrics.Stages), w.counted()
	w.thread.Recorder().AddTo(s)
	sum := 0.0
	for i := range s.Stage {
		if n := s.Stage[i].Count(); n != c.Requests {
			w.Fail("%d requests count in the stage %s, of %d", n, metrics.Stage(i), c.Requests)
		}
		sum += s.Stage[i].Sum
	}
	if s.Whole.Count() != c.Requests || s.Whole.Sum > float64(c.Requests)*float64(w.clock.now) || s.Whole.Sum != sum {
		w.Fail("%d requests took %v in all, and their stages %v, of %d requests", s.Whole.Count(), s.Whole.Sum, sum, c.Requests)
	}
	if s.BatchVectors.Sum != float64(c.Vectors) || c.Vectors < c.Requests {
		w.Fail("batches have %v vectors, of %d, in %d requests", s.BatchVectors.Sum, c.Vectors, c.Requests)
	}
	if score := s.Stage[metrics.Score].Sum; score < float64(w.clock.computed) && c.HeldAnswers == 0 {
		w.Fail("requests were scored for %v, and the model computed for %d", score, w.clock.computed)
	}
	_, polling, asleep := w.thread.Times().At(func() int64 { return w.clock.now })
	if polling < 0 || asleep < 0 || polling+asleep > w.clock.now {
		w.Fail("the thread polled for %d and slept for %d of %d", polling, asleep, w.clock.now)
	}
}
