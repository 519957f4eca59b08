package verify

import (
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/forest"
)

// promise is how near the scores of a model come to those of the library.
type promise struct {
	steps int64   // of float32
	part  float64 // if not 0, instead: of 1 + the largest expected score of the same output
}

func promised(m *forest.Model) promise {
	for _, a := range m.About.Answers {
		if a.Kind == m.Shape().Kind {
			return promise{int64(a.Steps), a.Near}
		}
	}
	return promise{}
}

// kept reports whether the scores that were compared are as near as that.
func (p promise) kept(t *tally) bool {
	if t.oneNaN > 0 || p.part == 0 && t.farthest.Steps > p.steps {
		return false
	}
	for output, off := range t.off {
		if off > p.part*(1+t.high[output]) {
			return false
		}
	}
	return true
}

// String says it of scores for which it is kept.
func (p promise) String() string {
	if p.part > 0 {
		return fmt.Sprintf("No score is more than %v * (1 + the largest score of its output) away: the library adds in another order.", p.part)
	}
	return fmt.Sprintf("No score is more than %s away. No more is promised: compare with --output raw.", count(p.steps, "float32 step"))
}

// span holds, of each output, the largest magnitude of a finite expected score and the largest
// difference.
type span struct{ high, off []float64 }

func newSpan(outputs int) span { return span{make([]float64, outputs), make([]float64, outputs)} }

// add takes a score in.
func (s span) add(output int, want, got float32) {
	if x := math.Abs(float64(want)); x <= math.MaxFloat32 {
		s.high[output] = max(s.high[output], x)
	}
	if off := math.Abs(float64(want) - float64(got)); want != got && off > s.off[output] {
		s.off[output] = off
	}
}
