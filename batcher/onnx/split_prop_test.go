package onnx

import (
	"math"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
)

// TestSplits scores rows in every order and in calls of every size, and wants the bits that each row
// has in one call with all others.
func TestSplits(t *testing.T) {
	for _, dir := range goldentest.FoldersOf(t, "testdata", "*_*") {
		m, rows := loaded(t, dir)
		dim, outputs := m.Shape().Dim, m.Shape().Outputs
		count := len(rows) / dim
		want := make([]float32, count*outputs)
		if err := m.Score(want, rows); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			scorer := m.NewScorer()
			for range rapid.IntRange(1, 4).Draw(t, "calls") {
				order := rapid.SliceOfN(rapid.IntRange(0, count-1), 1, 150).Draw(t, "rows")
				var in []float32
				for _, i := range order {
					in = append(in, rows[i*dim:(i+1)*dim]...)
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

// TestScoreAllocatesNothing covers all stages, as the models in testdata do.
func TestScoreAllocatesNothing(t *testing.T) {
	for _, dir := range goldentest.FoldersOf(t, "testdata", "*_*") {
		m, rows := loaded(t, dir)
		out, scorer := make([]float32, len(rows)/m.Shape().Dim*m.Shape().Outputs), m.NewScorer()
		if n := testing.AllocsPerRun(5, func() { scorer.Score(rows, m.Shape().Dim, out) }); n != 0 {
			t.Errorf("%s: %v allocations", dir, n)
		}
	}
}

// TestShared scores with one model from several goroutines. The race detector watches.
func TestShared(t *testing.T) {
	for _, dir := range goldentest.FoldersOf(t, "testdata", "*_*") {
		m, rows := loaded(t, dir)
		want := make([]float32, len(rows)/m.Shape().Dim*m.Shape().Outputs)
		if err := m.Score(want, rows); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				got := make([]float32, len(want))
				if err := m.NewScorer().Score(rows, m.Shape().Dim, got); err != nil || !sameBits(got, want) {
					t.Errorf("%s: other scores beside other goroutines, or %v", dir, err)
				}
			})
		}
		all.Wait()
	}
}

// loaded loads the model in a folder, and its rows.
func loaded(t *testing.T, dir string) (*forest.Model, []float32) {
	m, err := Parse(goldentest.Model(t, dir), forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m, goldentest.ReadArray(t, filepath.Join(dir, "rows.npy")).Data
}
