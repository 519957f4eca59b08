package onnx

import (
	"math"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/wire"
)

var (
	nan32 = float32(math.NaN())
	inf32 = float32(math.Inf(1))
)

// exact is a small graph, its input, and what it answers.
type exact struct {
	name string
	file []byte
	rows []float32
	want []float32
}

// answers compares what graphs answer for the rows at once, and for each by itself.
func answers(t *testing.T, kind wire.Kind, all []exact) {
	t.Helper()
	for _, c := range all {
		m, err := Parse(c.file, forest.Options{Output: kind})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		dim, outputs := m.Shape().Dim, m.Shape().Outputs
		count := len(c.rows) / dim
		if count*outputs != len(c.want) {
			t.Errorf("%s: %d outputs for %d rows, and %v is wanted", c.name, outputs, count, c.want)
			continue
		}
		got, single := make([]float32, len(c.want)), make([]float32, len(c.want))
		s := m.NewScorer()
		if err := s.Score(c.rows, dim, got); err != nil {
			t.Fatal(c.name, err)
		}
		for i := range count {
			if err := s.Score(c.rows[i*dim:(i+1)*dim], dim, single[i*outputs:(i+1)*outputs]); err != nil {
				t.Fatal(c.name, err)
			}
		}
		if !sameBits(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
		if !sameBits(got, single) {
			t.Errorf("%s: %v, and %v for one row after the other", c.name, got, single)
		}
	}
}

// sameBits compares numbers, of which all NaN are the same.
func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}
