package dense

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

// BenchmarkScore measures an MLP of 128 features, layers of 256 and 128 values with Relu, and
// one score.
func BenchmarkScore(b *testing.B) {
	for _, k := range kernel.All() {
		b.Run(k.String(), func(b *testing.B) { benchmark(b, k) })
	}
}

func benchmark(b *testing.B, k kernel.Kind) {
	r := rand.New(rand.NewPCG(1, 1))
	relu := activation.Func{Kind: activation.Relu}
	m, err := New(128, wire.Raw,
		Affine{Out: 256, Weights: normals(r, 128*256), Bias: normals(r, 256), Activation: relu, Kernel: k},
		Affine{Out: 128, Weights: normals(r, 256*128), Bias: normals(r, 128), Activation: relu, Kernel: k},
		Affine{Out: 1, Weights: normals(r, 128), Bias: normals(r, 1), Kernel: k},
	)
	if err != nil {
		b.Fatal(err)
	}
	const dim, distinct = 128, 1024
	rows := normals(r, distinct*dim)
	for _, count := range []int{1, 8, 64, 1024} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			s, out, at := m.NewScorer(), make([]float32, count), 0
			b.ReportAllocs()
			for b.Loop() {
				if at+count > distinct {
					at = 0
				}
				if err := s.Score(rows[at*dim:(at+count)*dim], dim, out); err != nil {
					b.Fatal(err)
				}
				at += count
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/row")
		})
	}
}

// BenchmarkLayer measures the other layers on 64 rows of 128 values.
func BenchmarkLayer(b *testing.B) {
	const width, rows = 128, 64
	r := rand.New(rand.NewPCG(1, 1))
	v := func() []float32 { return normals(r, width) }
	for name, l := range map[string]Layer{
		"Relu":      Activation{activation.Func{Kind: activation.Relu}},
		"Sigmoid":   Activation{activation.Func{Kind: activation.Sigmoid}},
		"Tanh":      Activation{activation.Func{Kind: activation.Tanh}},
		"Gelu":      Activation{activation.Func{Kind: activation.Gelu}},
		"Softmax":   Softmax{},
		"Scaler":    Scaler{Offset: v(), Scale: v()},
		"BatchNorm": BatchNorm{Scale: v(), Bias: v(), Mean: v(), Variance: make([]float32, width), Epsilon: 1},
		"LayerNorm": LayerNorm{Epsilon: 1e-5},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := NewStage(width, l)
			if err != nil {
				b.Fatal(err)
			}
			src, dst, scratch := normals(r, rows*width), make([]float32, rows*width), make([]float64, s.Scratch())
			b.ReportAllocs()
			for b.Loop() {
				s.Apply(dst, src, scratch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*width), "ns/value")
		})
	}
}

func normals(r *rand.Rand, count int) []float32 {
	v := make([]float32, count)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}
