package dense

import (
	"math"

	"github.com/disrust/disrust/batcher/activation"
)

// BatchNorm computes (x-Mean) * (Scale/sqrt(Variance+Epsilon)) + Bias in float64, and rounds once
// to float32.
type BatchNorm struct {
	Scale, Bias, Mean, Variance []float32 // one for each value of a row
	Epsilon                     float32
}

func (l BatchNorm) name() string { return "a BatchNorm" }

func (l BatchNorm) stage(in int) (Stage, error) {
	for _, p := range []struct {
		name   string
		values []float32
	}{{"the scale", l.Scale}, {"the bias", l.Bias}, {"the mean", l.Mean}, {"the variance", l.Variance}} {
		if err := checkLength(p.name, p.values, in); err != nil {
			return nil, err
		}
	}
	columns := make([]normal, in)
	for i := range columns {
		columns[i] = normal{
			mean:   float64(l.Mean[i]),
			factor: float64(l.Scale[i]) / math.Sqrt(float64(l.Variance[i])+float64(l.Epsilon)),
			bias:   float64(l.Bias[i]),
		}
	}
	return &batchNorm{same(in), columns}, nil
}

type normal struct{ mean, factor, bias float64 }

type batchNorm struct {
	same
	columns []normal
}

func (s *batchNorm) Bytes() int { return 24 * len(s.columns) }

func (s *batchNorm) Apply(dst, src []float32, _ []float64) {
	for width := int(s.same); len(src) > 0; dst, src = dst[width:], src[width:] {
		for i, c := range s.columns {
			dst[i] = float32(float64((float64(src[i])-c.mean)*c.factor) + c.bias)
		}
	}
}

// LayerNorm computes (x-mean) / sqrt(variance+Epsilon) * Scale + Bias, with the mean and the
// variance of the row. All is float64, and rounded once to float32. The two sums are those of
// [activation.Sum].
type LayerNorm struct {
	Scale, Bias []float32 // one for each value of a row, or one for all; nil: 1 and 0
	Epsilon     float32
}

func (l LayerNorm) name() string { return "a LayerNorm" }

func (l LayerNorm) stage(in int) (Stage, error) {
	if l.Scale == nil {
		l.Scale = []float32{1}
	}
	if l.Bias == nil {
		l.Bias = []float32{0}
	}
	scale, err := expand("the scale", l.Scale, in)
	if err != nil {
		return nil, err
	}
	bias, err := expand("the bias", l.Bias, in)
	return &layerNorm{same(in), scale, bias, float64(l.Epsilon)}, err
}

type layerNorm struct {
	same
	scale, bias []float32
	epsilon     float64
}

func (s *layerNorm) Scratch() int { return 2 * int(s.same) }
func (s *layerNorm) Bytes() int   { return 8 * len(s.scale) }

func (s *layerNorm) Apply(dst, src []float32, scratch []float64) {
	width := int(s.same)
	for ; len(src) > 0; dst, src = dst[width:], src[width:] {
		s.row(dst[:width], src[:width], scratch[:width], scratch[width:2*width])
	}
}

func (s *layerNorm) row(dst, src []float32, distance, square []float64) {
	for i, x := range src {
		distance[i] = float64(x)
	}
	mean := activation.Sum(distance) / float64(len(src))
	for i := range distance {
		distance[i] -= mean
		square[i] = distance[i] * distance[i]
	}
	deviation := math.Sqrt(activation.Sum(square)/float64(len(src)) + s.epsilon)
	for i, d := range distance {
		dst[i] = float32(float64(d/deviation*float64(s.scale[i])) + float64(s.bias[i]))
	}
}
