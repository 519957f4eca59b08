package gemm

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var count = flag.Int("count.fma", 300_000, "how many results of fma are compared")

// factor draws any number, or one that is a little more than a power of 2.
func factor(r *rand.Rand) float32 {
	if r.IntN(2) == 0 {
		return math.Float32frombits(r.Uint32())
	}
	return float32(math.Ldexp(1+math.Ldexp(1, -10-r.IntN(15)), r.IntN(100)-50))
}

// operands draws a second factor and a number to be added: any, or of the size of the product, or below the normal
// ones, or one of whose last digit the product is about the half.
func operands(r *rand.Rand, x float32) (w, sum float32) {
	w, sum = math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
	fraction, exponent := math.Frexp(float64(x))
	switch r.IntN(4) {
	case 0:
		sum = float32(float64(x) * float64(w) * math.Ldexp(r.Float64()*2-1, r.IntN(60)-30))
	case 1:
		w = float32(math.Ldexp(r.Float64(), -126-exponent-r.IntN(40)))
		sum = math.Float32frombits(r.Uint32() & 0x80ffffff >> r.IntN(20))
	case 2: // (1+d) * (1-d) is so near 1 that a float64 of the size of sum does not show the difference
		to := r.IntN(200) - 120
		w = float32(math.Ldexp(2-2*fraction, to-exponent))
		sum = float32(math.Ldexp(1+float64(r.IntN(1<<23))/(1<<23), to-1+24) * float64(1-2*r.IntN(2)))
	}
	return w, sum
}

// exact returns x*w + sum, rounded once.
func exact(x, w, sum float32) float32 {
	plain := float64(x)*float64(w) + float64(sum)
	if plain == 0 || math.IsNaN(plain) || math.IsInf(plain, 0) {
		return float32(plain) // big.Float has neither NaN nor -0 as a sum
	}
	product := new(big.Float).SetPrec(1000).SetFloat64(float64(x) * float64(w))
	y, _ := product.Add(product, big.NewFloat(float64(sum))).Float32()
	return y
}

func TestFma(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	corrected := 0
	for range *count {
		x := factor(r)
		w, sum := operands(r, x)
		got, want := fma(float64(x), float64(w), float64(sum)), exact(x, w, sum)
		if !same(got, want) {
			t.Fatalf("%x * %x + %x is %x, not %x", x, w, sum, got, want)
		}
		if !same(got, float32(float64(x)*float64(w)+float64(sum))) {
			corrected++
		}
	}
	if corrected < *count/1000 {
		t.Errorf("only %d of %d would have been rounded twice", corrected, *count)
	}
}
