package trees

import (
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/batcher/onnx/internal/post"
)

// Finish makes the answers of a regressor or classifier from its sums, as onnxruntime does.
type Finish struct {
	Value     int    // the sums
	Flags     bool   // as [Compiled] has it
	Never     []bool // without Flags: the targets that have no weights
	Targets   int
	Trees     float32   // what the sums are divided by; 0: they are not
	Base      []float32 // added last; nil, one for each target, or one for class 0 of two
	Transform post.Transform
	Classes   bool // of a classifier
	Pair      bool // of two classes: one sum makes both scores
	Positive  bool // of two classes: all weights are of one class, and none is below 0
	Label     bool // the answer is the index of the class
}

// String implements [pipeline.Stage].
func (f *Finish) String() string {
	if f.Label {
		return "label"
	}
	return "scores of the sums"
}

func (f *Finish) From() []int { return []int{f.Value} }
func (f *Finish) Bytes() int  { return 4*len(f.Base) + len(f.Never) }

// Width implements [pipeline.Stage].
func (f *Finish) Width() int {
	if f.Label {
		return 1
	}
	return f.Targets
}

// NewRunner implements [pipeline.Stage].
func (f *Finish) NewRunner() pipeline.Runner {
	wide, sums, has := make([]float64, f.Targets), make([]float32, f.Targets), make([]bool, f.Targets)
	for k := range f.Never {
		has[k] = !f.Never[k]
	}
	return func(dst []float32, from [][]float32, rows int) error {
		w, columns := f.Width(), f.Targets
		if f.Flags {
			columns *= 2
		}
		for i := range rows {
			row := from[0][i*columns : (i+1)*columns]
			copy(sums, row)
			for k, flag := range row[f.Targets:] {
				has[k] = flag != 0
			}
			f.total(sums, has)
			f.answer(dst[i*w:(i+1)*w], sums, has, wide)
		}
		return nil
	}
}

// total divides the sums, and adds what is added last.
func (f *Finish) total(sums []float32, has []bool) {
	if f.Trees != 0 {
		for i := range sums {
			sums[i] /= f.Trees
		}
	}
	if f.Classes && len(f.Base) == 2 && has[1] {
		sums[1] = f.Base[1] + sums[0]
		sums[0] = -sums[1]
		return
	}
	for i, b := range f.Base {
		sums[i] += b
	}
}

// answer writes the scores or the label. A target without a weight has the score 0, but for a
// classifier of more than two classes with base values.
func (f *Finish) answer(out, sums []float32, has []bool, wide []float64) {
	all := f.Classes && f.Targets > 2 && len(f.Base) > 0
	switch {
	case f.Label && f.Targets == 2:
		out[0] = f.second(sums, has)
		return
	case f.Label:
		out[0] = largest(sums, has, all)
		return
	}
	for k := range sums {
		if !all && !has[k] {
			sums[k] = 0
		}
	}
	if f.Pair {
		f.pair(out, sums[0])
		return
	}
	copy(out, sums)
	f.Transform.Apply(out, wide)
}

// largest returns the index of the largest sum that counts, the first of equals.
func largest(sums []float32, has []bool, all bool) float32 {
	best := -1
	for k, s := range sums {
		if (all || has[k]) && (best < 0 || s > sums[best]) {
			best = k
		}
	}
	return float32(max(best, 0))
}

// second returns 1 if the second of two classes is named.
func (f *Finish) second(sums []float32, has []bool) float32 {
	positive := float32(0)
	switch {
	case has[1]:
		positive = sums[1]
	case has[0]:
		positive = sums[0]
	}
	if f.Positive && positive > 0.5 || !f.Positive && positive > 0 {
		return 1
	}
	return 0
}

// pair makes the scores of two classes from one sum.
func (f *Finish) pair(out []float32, s float32) {
	switch {
	case f.Transform == post.Logistic:
		out[0], out[1] = post.Sigmoid(-s), post.Sigmoid(s)
	case f.Positive:
		out[0], out[1] = 1-s, s
	default:
		out[0], out[1] = -s, s
	}
}
