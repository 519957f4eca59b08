package batcher

import (
	"github.com/disrust/disrust/wire"
	"github.com/viterin/vek/vek32"
)

// Sum is the built-in model: the score of a row is the sum of its features.
//
// It adds the features in its own order. So a sum that is not exact may differ by rounding
// from a sum from left to right.
type Sum struct{}

// accelerated reports whether this processor has the instructions of the vector kernel. It
// is a variable because vek32.Info allocates.
var accelerated = vek32.Info().Acceleration

// Shape implements [Model]: one score per row of any dim.
func (Sum) Shape() Shape { return Shape{Outputs: 1, Kind: wire.Raw} }

// NewScorer implements [Model]. It returns s.
func (s Sum) NewScorer() Scorer { return s }

// Score implements [Scorer]. It never fails.
func (s Sum) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [StridedScorer]. It never fails.
func (Sum) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	if !accelerated {
		sumPortable(rows, dim, stride, out)
		return nil
	}
	for i := range out {
		out[i] = vek32.Sum(rows[i*stride : i*stride+dim])
	}
	return nil
}

func sumPortable(rows []float32, dim, stride int, out []float32) {
	for i := range out {
		out[i] = sumRow(rows[i*stride : i*stride+dim])
	}
}

// sumRow sums without vector instructions. It keeps eight partial sums, so that additions do
// not wait for each other.
func sumRow(row []float32) float32 {
	var a, b, c, d, e, f, g, h float32
	for len(row) >= 8 {
		v := row[:8:8]
		a += v[0]
		b += v[1]
		c += v[2]
		d += v[3]
		e += v[4]
		f += v[5]
		g += v[6]
		h += v[7]
		row = row[8:]
	}
	for _, v := range row {
		a += v
	}
	return ((a + e) + (b + f)) + ((c + g) + (d + h))
}
