package dense

import "github.com/disrust/disrust/batcher/activation"

// Activation applies a function to each value. An [Affine] does that by itself too.
type Activation struct{ Func activation.Func }

func (l Activation) name() string { return "an Activation" }

func (l Activation) stage(in int) (Stage, error) {
	if err := l.Func.Validate(); err != nil {
		return nil, err
	}
	return each{same(in), l.Func}, nil
}

type each struct {
	same
	function activation.Func
}

func (s each) Bytes() int { return 0 }

func (s each) Apply(dst, src []float32, _ []float64) {
	copy(dst, src)
	s.function.Apply(dst[:len(src)])
}

// Softmax replaces each row by its softmax, as [activation.Softmax] does.
type Softmax struct{}

func (Softmax) name() string                { return "a Softmax" }
func (Softmax) stage(in int) (Stage, error) { return softmax{same(in)}, nil }

type softmax struct{ same }

func (s softmax) Scratch() int { return int(s.same) }
func (s softmax) Bytes() int   { return 0 }

func (s softmax) Apply(dst, src []float32, scratch []float64) {
	copy(dst, src)
	width := int(s.same)
	for dst = dst[:len(src)]; len(dst) > 0; dst = dst[width:] {
		activation.Softmax(dst[:width], scratch)
	}
}
