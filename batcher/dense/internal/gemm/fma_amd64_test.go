package gemm

import (
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
)

// The processor's own instruction is what fma does.
func TestFmaOfProcessor(t *testing.T) {
	const lanes = 64
	r := rand.New(rand.NewPCG(7, 8))
	for _, k := range kernel.All()[1:] {
		var weights, bias [lanes]float32
		m := &Matrix{in: 1, out: lanes, kernel: k, lanes: lanes / 8, weights: weights[:], bias: bias[:], floor: -infinity}
		if k == kernel.AVX512 {
			m.lanes = lanes / 4
		}
		y, scratch := make([]float32, lanes), make([]float32, m.Scratch())
		for range *count / lanes {
			m.alpha = factor(r)
			for i := range lanes {
				weights[i], bias[i] = operands(r, m.alpha)
			}
			m.Multiply(y, []float32{1}, scratch)
			for i, got := range y {
				want := fma(float64(m.alpha), float64(weights[i]), float64(bias[i]))
				if !same(got, want) {
					t.Fatalf("%v: %x * %x + %x is %x, not %x", k, m.alpha, weights[i], bias[i], got, want)
				}
			}
		}
	}
}
