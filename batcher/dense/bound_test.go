package dense

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The usual error that the README states, against exact arithmetic. Inputs and weights are
// normally distributed, so that much of a sum cancels.
func TestAffineError(t *testing.T) {
	const in, out, rows = 256, 32, 32
	r := rand.New(rand.NewPCG(3, 4))
	l := Affine{Out: out, Weights: normals(r, in*out), Bias: normals(r, out)}
	x := normals(r, rows*in)
	worst := 0.0
	for i, got := range apply(t, in, l, x...) {
		row, j := x[i/out*in:][:in], i%out
		e, _ := new(big.Float).Sub(exact(l, row, j), big.NewFloat(float64(got))).Float64()
		_, size := plainAffine(l, row, j)
		worst = max(worst, math.Abs(e)/(size/(1<<24)))
	}
	if t.Logf("at most %.2f units of 2^-24 of the magnitudes", worst); worst > 3 {
		t.Errorf("%.2f units of 2^-24 of the magnitudes, more than is said", worst)
	}
}

// exact returns an output before it is rounded.
func exact(l Affine, x []float32, j int) *big.Float {
	sum := new(big.Float).SetPrec(600).SetFloat64(float64(l.Bias[j]))
	for k, v := range x {
		sum.Add(sum, big.NewFloat(float64(v)*float64(l.Weights[k*l.Out+j])))
	}
	return sum
}
