package trees

import (
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Finish makes the answers of a regressor or classifier from its sums, as onnxruntime does.
type Finish struct {
	Value     int // the sums
	Targets   int
	Trees     float32   // what the sums are divided by; 0: they are not
	Base      []float32 // added last; nil, or one for each target
	Transform Transform

	// Single says that the one sum of two classes is of class 0 of the file, and means class 1.
	Single   bool
	Positive bool // of a classifier of two classes with weights of one: no weight is below 0
	OneSet   bool // of two classes: one has all weights
	Both     bool // of two classes: class 1 has weights
	Label    bool // the answer is the index of the class
	Classes  bool // of a classifier
}

func (f *Finish) From() []int { return []int{f.Value} }
func (f *Finish) Bytes() int  { return 4 * len(f.Base) }

// Width implements [pipeline.Stage].
func (f *Finish) Width() int {
	if f.Label {
		return 1
	}
	return f.Targets
}

// NewRunner implements [pipeline.Stage].
func (f *Finish) NewRunner() pipeline.Runner {
	wide, sums := make([]float64, f.Targets), make([]float32, f.Targets)
	return func(dst []float32, from [][]float32, rows int) error {
		w := f.Width()
		for i := range rows {
			copy(sums, from[0][i*f.Targets:])
			f.total(sums)
			out := dst[i*w : (i+1)*w]
			switch {
			case f.Label:
				out[0] = f.label(sums)
			case f.Single:
				f.pair(out, sums[0])
			default:
				copy(out, sums)
				f.Transform.apply(out, wide)
			}
		}
		return nil
	}
}

// total divides the sums, and adds what is added last.
func (f *Finish) total(sums []float32) {
	for i := range sums {
		if f.Trees != 0 {
			sums[i] /= f.Trees
		}
	}
	if f.Classes && f.Both && f.Targets == 2 && len(f.Base) == 2 {
		sums[1] = f.Base[1] + sums[0]
		sums[0] = -sums[1]
		return
	}
	for i, b := range f.Base {
		sums[i] += b
	}
}

// label returns the index of the class that the sums name.
func (f *Finish) label(sums []float32) float32 {
	if f.Targets > 2 {
		best := 0
		for i, s := range sums {
			if s > sums[best] {
				best = i
			}
		}
		return float32(best)
	}
	positive := sums[0]
	if f.Both {
		positive = sums[1]
	}
	if f.OneSet && f.Positive && positive > 0.5 || !(f.OneSet && f.Positive) && positive > 0 {
		return 1
	}
	return 0
}

// pair makes the scores of two classes from one sum.
func (f *Finish) pair(out []float32, s float32) {
	switch {
	case f.Positive:
		out[0], out[1] = 1-s, s
	case f.Transform == Logistic:
		out[0], out[1] = logistic(-s), logistic(s)
	default:
		out[0], out[1] = s, -s
	}
}

// Transform is what becomes of several sums, or of one where ONNX says so.
type Transform uint8

// Transforms, as TreeEnsemble numbers them.
const (
	None Transform = iota
	Softmax
	Logistic
	SoftmaxZero
	Probit
)

// apply is called with at least two sums, or one and Probit. wide has as many elements.
func (t Transform) apply(v []float32, wide []float64) {
	switch t {
	case Logistic:
		for i, x := range v {
			v[i] = logistic(x)
		}
	case Probit:
		for i, x := range v {
			v[i] = probit(x)
		}
	case Softmax, SoftmaxZero:
		softmax(v, wide, t == SoftmaxZero)
	}
}

var exponential = link.Transform{Func: link.Exp32}

// exp returns e**x, as the C library's expf does.
func exp(x float32) float32 {
	v := [1]float64{float64(x)}
	exponential.Apply(v[:])
	return float32(v[0])
}
