package activation

import "math"

// logSeries are 1/15 to 1/3. What comes after is below 2**-44 of the logarithm.
var logSeries = [...]float64{1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3}

// log1p returns log(1+x). Near 0, 1+x is not rounded.
func log1p(x float64) float64 {
	switch {
	case x < -1:
		return math.NaN()
	case x == -1:
		return math.Inf(-1)
	case x > math.MaxFloat32:
		return x
	}
	if sum := 1 + x; sum < math.Sqrt2/2 || sum > math.Sqrt2 {
		return logSum(split(sum))
	}
	return logSum(0, x)
}

func log(x float64) float64 {
	switch {
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case !(x <= math.MaxFloat64):
		return x
	}
	return logSum(split(x))
}

// split returns k and f with x = 2**k * (1+f), and 1+f between the root of 1/2 and that of 2.
func split(x float64) (k, f float64) {
	bits := math.Float64bits(x)
	k = float64(int(bits>>52) - 1023)
	f = math.Float64frombits(bits&(1<<52-1)|1023<<52) - 1
	if f > math.Sqrt2-1 {
		k, f = k+1, (f-1)/2
	}
	return k, f
}

// logSum returns log(2**k * (1+f)). That of 1+f is a series of f/(2+f).
func logSum(k, f float64) float64 {
	s := f / (2 + f)
	z := float64(s * s)
	p := logSeries[0]
	for _, c := range logSeries[1:] {
		p = float64(p*z) + c
	}
	rest := 2*s + float64(float64(2*s*z)*p)
	if k == 0 {
		return rest // so that -0 stays
	}
	return float64(k*math.Ln2) + rest
}

// softplus returns log(1 + e**x).
func softplus(x float64) float64 { return max(x, 0) + log1p(exp(-math.Abs(x))) }

// mish returns x * tanh(softplus(x)). From 40 on the answer is x.
func mish(x float64) float64 {
	e := exp(min(x, 40))
	t := float64(e * (e + 2)) // (1 + e**x)**2 - 1
	return left(x) * (t / (t + 2))
}
