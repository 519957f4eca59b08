package ensemble

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestPackedLimits: the largest and deepest trees that are packed, and those just beyond, have the scores of a
// plain walk in every way; and so has a tree that looks at as many columns as there can be.
func TestPackedLimits(t *testing.T) {
	for _, c := range []struct {
		dim, leaves int
		chain       bool
		packed      bool
	}{
		{7, maxPacked / 2, false, true},
		{7, maxPacked/2 + 1, false, false},
		{7, deepest + 1, true, true},
		{7, deepest + 2, true, false},
		{maxPacked/4 - 1, maxPacked / 2, false, true},
		{maxPacked / 4, maxPacked / 2, false, false},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		config := Config{Dim: c.dim, Groups: 1, Output: wire.Raw}
		tree := anyTree(r, &config, c.leaves, c.chain)
		tree.Linear = nil
		for i := range tree.Nodes {
			n := &tree.Nodes[i]
			*n = Node{Feature: i % c.dim, Threshold: float32(r.NormFloat64()), Left: n.Left, Right: n.Right}
			if c.chain {
				n.Threshold = -3 // few rows leave it
			}
		}
		const rows = 70
		features, want := make([]float32, rows*c.dim), []float32(nil)
		for i := range features {
			features[i] = float32(r.NormFloat64())
		}
		for _, k := range kernels() {
			var record Record
			if want == nil {
				config.Record = &record
			}
			k.set(&config)
			b, err := NewBuilder(config)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(tree); err != nil {
				t.Fatal(err)
			}
			config.Record = nil
			m := b.Build()
			if want == nil {
				for row := range slices.Chunk(features, c.dim) {
					want = append(want, float32(plainSums(&record, row)[0]))
				}
			}
			got := make([]float32, rows)
			if err := m.newScorer().Score(features, c.dim, got); err != nil || !slices.Equal(got, want) || m.packed != c.packed {
				t.Errorf("%v, %+v: packed is %v; %v, or other scores", k, c, m.packed, err)
			}
		}
	}
}
