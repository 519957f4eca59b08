package link

import "math"

// sigmoid returns 1 / (1 + exp(-scale*x)).
func sigmoid(x, scale float64) float64 { return 1 / (1 + exp(float64(-scale*x))) }

// softmax is shifted by the largest sum, so that no exp overflows.
func softmax(v []float64) {
	high := v[Largest(v)]
	total := 0.0
	for i, x := range v {
		v[i] = exp(x - high)
		total += v[i]
	}
	for i := range v {
		v[i] /= total
	}
}

func signedSquare(x float64) float64 { return x * math.Abs(x) }

// Above expHigh e**x is beyond a float64; below expLow it rounds to 0.
const (
	expHigh = 709.782712893384
	expLow  = -745.1332191019412
)

// ln2High has zeros at its end, so that its product with a whole number up to 1100 is exact.
// ln2Low is the rest of the logarithm.
const (
	ln2High = 0x1.62e42feep-1
	ln2Low  = math.Ln2 - ln2High
)

// exp returns e**x, with an error below 1 ulp: x is k*ln2 + r, and e**r a polynomial.
func exp(x float64) float64 {
	switch {
	case x != x || x == math.Inf(1):
		return x
	case x > expHigh:
		return math.Inf(1)
	case x < expLow:
		return 0
	}
	k := math.RoundToEven(float64(x * (1 / math.Ln2)))
	high := x - float64(k*ln2High)
	low := float64(k * ln2Low)
	r := high - low
	rest := (high - r) - low
	p := expSeries[0]
	for _, c := range expSeries[1:] {
		p = float64(p*r) + c
	}
	return math.Ldexp(1+(r+(rest+float64(float64(r*r)*p))), int(k))
}

// expSeries are 1/13! to 1/2!. What comes after is below 2**-57 for |r| <= ln2/2.
var expSeries = [...]float64{
	1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
	1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2,
}

// log1pExp returns log(1 + exp(x)), with an error below 3 ulp. Where exp overflows it does too, as
// LightGBM's.
func log1pExp(x float64) float64 {
	e := exp(x)
	if e != e || e > math.MaxFloat64 {
		return e
	}
	u := 1 + e
	lost := e - (u - 1)
	if e > 1 {
		lost = 1 - (u - e)
	}
	return log(u) + float64(lost/u)
}

// log returns the logarithm of a finite x >= 1, with an error below 2 ulp: x is m * 2**k, and
// log(m) a series of (m-1)/(m+1).
func log(x float64) float64 {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	p := 0.0
	for n := 23; n >= 3; n -= 2 {
		p = float64(z * (p + 1/float64(n)))
	}
	return float64(float64(k)*ln2High) + (float64(2*s) + (float64(float64(2*s)*p) + float64(float64(k)*ln2Low)))
}
