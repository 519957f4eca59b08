package ensemble

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

// BenchmarkScore measures models of 128 features, with each kernel's plan. No row is scored twice in a row, as
// a repeated row would teach the branch predictor its way.
func BenchmarkScore(b *testing.B) {
	const dim = 128
	for _, shape := range []struct{ trees, leaves int }{{500, 31}, {1000, 63}, {500, 255}, {100, 1650}} {
		trees := grown(rand.New(rand.NewPCG(1, 1)), dim, shape.trees, shape.leaves)
		for _, k := range kernel.All() {
			name := fmt.Sprintf("%dx%d/%v", shape.trees, shape.leaves, k)
			benchmarkModel(b, name, built(trees, k, dim), 1, 8, 16, 32, 64, 1024)
		}
	}
}

// BenchmarkCosts measures what trees, leaves and features cost, each beside a model of 500 trees of 31 leaves
// that look at 128 features.
func BenchmarkCosts(b *testing.B) {
	for _, shape := range []struct{ trees, leaves, dim int }{
		{500, 31, 128}, {100, 31, 128}, {2000, 31, 128},
		{500, 8, 128}, {500, 127, 128}, {500, 255, 128}, {500, 1000, 128},
		{500, 31, 16}, {500, 31, 1000},
	} {
		trees := grown(rand.New(rand.NewPCG(1, 1)), shape.dim, shape.trees, shape.leaves)
		name := fmt.Sprintf("%dx%d of %d", shape.trees, shape.leaves, shape.dim)
		benchmarkModel(b, name, built(trees, kernel.Auto, shape.dim), 1, 8, 64, 1024)
	}
}

func benchmarkModel(b *testing.B, name string, m *Model, counts ...int) {
	r, dim := rand.New(rand.NewPCG(2, 2)), m.Shape().Dim
	rows := make([]float32, 4096*dim)
	for i := range rows {
		rows[i] = float32(r.NormFloat64())
	}
	for _, count := range counts {
		b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) { benchmarkScore(b, m, rows, dim, count) })
	}
}

func benchmarkScore(b *testing.B, m *Model, rows []float32, dim, count int) {
	s := m.NewScorer()
	out := make([]float32, count)
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		if at+count > 4096 {
			at = 0
		}
		if err := s.Score(rows[at*dim:(at+count)*dim], dim, out); err != nil {
			b.Fatal(err)
		}
		at += count
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/row")
}

// grown returns trees that are grown leaf by leaf, as LightGBM does: of some leaves, one with many rows is
// split, near the middle of its feature. The thresholds of a feature are few, as those of the library's bins
// are.
func grown(r *rand.Rand, dim, trees, leaves int) []*Tree {
	all := make([]*Tree, trees)
	for i := range all {
		all[i] = grownTree(r, dim, leaves)
	}
	return all
}

func grownTree(r *rand.Rand, dim, leaves int) *Tree {
	const looked = 32 // leaves of which one is split
	t := &Tree{Leaves: make([]float64, leaves)}
	type end struct {
		node  int
		right bool
		share float64
	}
	open := []end{{node: -1, share: 1}}
	for len(open) < leaves {
		best := r.IntN(len(open))
		for range looked {
			if other := r.IntN(len(open)); open[other].share > open[best].share {
				best = other
			}
		}
		e := open[best]
		n := int32(len(t.Nodes))
		if e.node >= 0 && e.right {
			t.Nodes[e.node].Right = n
		} else if e.node >= 0 {
			t.Nodes[e.node].Left = n
		}
		left := 0.2 + 0.6*r.Float64()
		t.Nodes = append(t.Nodes, Node{Feature: r.IntN(dim), Missing: NaNLeft, Threshold: float32(math.Round(200*(left-0.5)) / 100)})
		open[best] = end{int(n), false, e.share * left}
		open = append(open, end{int(n), true, e.share * (1 - left)})
	}
	for i, e := range open {
		t.Leaves[i] = r.NormFloat64()
		if e.node < 0 {
			continue
		}
		if e.right {
			t.Nodes[e.node].Right = ^int32(i)
		} else {
			t.Nodes[e.node].Left = ^int32(i)
		}
	}
	return t
}

// built returns the model of some trees.
func built(trees []*Tree, k kernel.Kind, dim int) *Model {
	b, err := NewBuilder(Config{Dim: dim, Groups: 1, Output: wire.Raw, SnapZero: true, Kernel: k})
	if err != nil {
		panic(err)
	}
	for _, t := range trees {
		if err := b.Add(t); err != nil {
			panic(err)
		}
	}
	return b.Build()
}
