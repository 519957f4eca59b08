package activation

import "math"

// expLimit is beyond every x whose e**x a float32 can hold, on both sides. Up to it a float64
// holds e**x as a normal number.
const expLimit = 700

const (
	ln2High = 0x1.62e42feep-1 // its product with a whole number up to 1100 is exact
	ln2Low  = math.Ln2 - ln2High

	// shifter plus a number below 2**51 is that number rounded to a whole one, in the low bits.
	shifter = 0x1.8p52
)

// expSeries are 1/10! to 1/2!. What comes after is below 2**-41 of e**r - 1 for |r| <= ln2/2.
var expSeries = [...]float64{
	1. / 3628800, 1. / 362880, 1. / 40320, 1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2,
}

// reduce returns e**r - 1 and 2**k, where x = k*ln2 + r and |r| <= ln2/2. x is held within
// expLimit. NaN gives NaN.
func reduce(x float64) (less1, power float64) {
	x = min(max(x, -expLimit), expLimit)
	shifted := float64(x*(1/math.Ln2)) + shifter
	k := shifted - shifter
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	p := expSeries[0]
	for _, c := range expSeries[1:] {
		p = float64(p*r) + c
	}
	less1 = r + float64(float64(r*r)*p)
	return less1, math.Float64frombits((math.Float64bits(shifted) - math.Float64bits(shifter) + 1023) << 52)
}

func exp(x float64) float64 {
	less1, power := reduce(x)
	return power * (1 + less1)
}

// expm1 returns e**x - 1, also near 0 with an error that is small beside it.
func expm1(x float64) float64 {
	less1, power := reduce(x)
	return float64(power*less1) + (power - 1)
}

func sigmoid(x float64) float64 { return 1 / (1 + exp(-x)) }

func silu(x float64) float64 { return left(x) / (1 + exp(-x)) }

// left returns x, or -1000 if x is below, where silu, mish and both forms of gelu have long been 0 as a
// float32. -inf becomes NaN, the product of -inf and 0 that their definitions have.
func left(x float64) float64 {
	if x < -math.MaxFloat32 {
		return math.NaN()
	}
	return max(x, -1000)
}

func tanh(x float64) float64 {
	t := expm1(2 * min(math.Abs(x), 20)) // from 20 on the answer is 1
	return math.Copysign(t/(t+2), x)
}
