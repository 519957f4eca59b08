package onnx

import (
	"math"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
)

// TestSplits scores rows in every order and in calls of every size, and wants the bits that each row
// has in one call with all others.
func TestSplits(t *testing.T) {
	for _, dir := range goldentest.FoldersOf(t, "testdata", "onnx*") {
		m, err := Parse(goldentest.Model(t, dir), forest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy"))
		dim, outputs := m.Shape().Dim, m.Shape().Outputs
		count := len(rows.Data) / dim
		want := make([]float32, count*outputs)
		if err := m.Score(want, rows.Data); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			scorer := m.NewScorer()
			for range rapid.IntRange(1, 4).Draw(t, "calls") {
				order := rapid.SliceOfN(rapid.IntRange(0, count-1), 1, 150).Draw(t, "rows")
				var in []float32
				for _, i := range order {
					in = append(in, rows.Data[i*dim:(i+1)*dim]...)
				}
				got := make([]float32, len(order)*outputs)
				if err := scorer.Score(in, dim, got); err != nil {
					t.Fatal(err)
				}
				for j, i := range order {
					for k := range outputs {
						if g, w := got[j*outputs+k], want[i*outputs+k]; math.Float32bits(g) != math.Float32bits(w) {
							t.Fatalf("%s: row %d, output %d: %v at place %d of %d, else %v", dir, i, k, g, j, len(order), w)
						}
					}
				}
			}
		})
	}
}

// TestScoreAllocatesNothing covers the direct sums, the look-up of weights and the labels.
func TestScoreAllocatesNothing(t *testing.T) {
	for _, dir := range []string{"testdata/onnx_modes", "testdata/onnx_min", "testdata/onnx_classes_softmax", "testdata/onnx_probit"} {
		m, err := Parse(goldentest.Model(t, dir), forest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy"))
		dim := m.Shape().Dim
		out, scorer := make([]float32, len(rows.Data)/dim*m.Shape().Outputs), m.NewScorer()
		if n := testing.AllocsPerRun(5, func() { scorer.Score(rows.Data, dim, out) }); n != 0 {
			t.Errorf("%s: %v allocations", dir, n)
		}
	}
}
