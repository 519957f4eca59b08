package ensemble

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/wire"
)

// BenchmarkScore measures models of 128 features, with each kernel. No row is scored twice in a row, as a
// repeated row would teach the branch predictor its way.
func BenchmarkScore(b *testing.B) {
	const dim = 128
	for _, shape := range []struct{ trees, leaves int }{{500, 31}, {1000, 63}, {500, 255}, {100, 1650}} {
		for _, k := range kernels() {
			if k.forced != nil && k.twin {
				continue
			}
			r := rand.New(rand.NewPCG(1, 1))
			m := grown(r, k, dim, shape.trees, shape.leaves)
			rows := make([]float32, 4096*dim)
			for i := range rows {
				rows[i] = float32(r.NormFloat64())
			}
			for _, count := range []int{1, 8, 16, 32, 64, 1024} {
				b.Run(fmt.Sprintf("%dx%d/%v/%d", shape.trees, shape.leaves, k, count), func(b *testing.B) {
					benchmarkScore(b, m, rows, dim, count)
				})
			}
		}
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

// grown returns a model whose trees are grown leaf by leaf, as LightGBM does: of the leaves,
// one with many rows is split, near the middle of its feature. The thresholds of a feature are few, as
// those of the library's bins are.
func grown(r *rand.Rand, k way, dim, trees, leaves int) *Model {
	c := Config{Dim: dim, Groups: 1, Output: wire.Raw, SnapZero: true}
	k.set(&c)
	b, err := NewBuilder(c)
	if err != nil {
		panic(err)
	}
	for range trees {
		t := &Tree{Leaves: make([]float64, leaves)}
		type end struct {
			node  int
			right bool
			share float64
		}
		open := []end{{node: -1, share: 1}}
		for len(open) < leaves {
			best := 0
			for i, e := range open {
				if e.share*r.Float64() > open[best].share*r.Float64() {
					best = i
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
			if e.right {
				t.Nodes[e.node].Right = ^int32(i)
			} else {
				t.Nodes[e.node].Left = ^int32(i)
			}
		}
		if err := b.Add(t); err != nil {
			panic(err)
		}
	}
	return b.Build()
}
