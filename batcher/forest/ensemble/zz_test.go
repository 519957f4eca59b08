package ensemble

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
)

func BenchmarkDeep(b *testing.B) {
	const dim = 128
	for _, k := range []way{{kernel.Portable, &forced{method: blocked}}, {kernel.AVX2, &forced{method: blocked}}} {
		r := rand.New(rand.NewPCG(1, 1))
		m := grown(r, k, dim, 100, 1650)
		rows := make([]float32, 4096*dim)
		for i := range rows {
			rows[i] = float32(r.NormFloat64())
		}
		for _, count := range []int{8, 16, 64, 1024} {
			b.Run(fmt.Sprintf("%v/%d", k.kind, count), func(b *testing.B) { benchmarkScore(b, m, rows, dim, count) })
		}
	}
}
