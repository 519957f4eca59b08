package ensemble

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

// BenchmarkOblivious measures 500 oblivious trees of six levels, of 128 features with 32 splits each.
func BenchmarkOblivious(b *testing.B) {
	const dim = 128
	r := rand.New(rand.NewPCG(1, 1))
	builder, err := NewBuilder(Config{Dim: dim, Groups: 1, Output: wire.Raw, Kernel: kernel.Auto})
	if err != nil {
		b.Fatal(err)
	}
	for range 500 {
		t := &Tree{}
		for level := range 6 {
			n := Node{Feature: r.IntN(dim), Threshold: float32(r.IntN(32)-16) / 8}
			for at := 1<<level - 1; at < 2<<level-1; at++ {
				n.Left, n.Right = int32(2*at+1), int32(2*at+2)
				if level == 5 {
					n.Left, n.Right = ^int32(2*at+1-63), ^int32(2*at+2-63)
				}
				t.Nodes = append(t.Nodes, n)
			}
		}
		for range 64 {
			t.Leaves = append(t.Leaves, r.NormFloat64())
		}
		if err := builder.Add(t); err != nil {
			b.Fatal(err)
		}
	}
	m := builder.Build()
	rows := make([]float32, 4096*dim)
	for i := range rows {
		rows[i] = float32(r.NormFloat64())
	}
	for _, count := range []int{1, 8, 64, 1024} {
		b.Run(fmt.Sprint(count), func(b *testing.B) { benchmarkScore(b, m, rows, dim, count) })
	}
}
