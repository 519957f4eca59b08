package activation

import "math"

// logSeries are 1/15 to 1/3. What comes after is below 2**-44 of the logarithm.
var logSeries = [...]float64{1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3}

// log1p returns log(1+x): 1+x is 2**k * (1+f), and log(1+f) a series of f/(2+f). Near 0, f is x
// itself, so that nothing is lost.
func log1p(x float64) float64 {
	switch {
	case x < -1:
		return math.NaN()
	case x == -1:
		return math.Inf(-1)
	case x > math.MaxFloat32:
		return x
	}
	k, f := 0.0, x
	if sum := 1 + x; sum < math.Sqrt2/2 || sum > math.Sqrt2 {
		bits := math.Float64bits(sum)
		k = float64(int(bits>>52) - 1023)
		f = math.Float64frombits(bits&(1<<52-1)|1023<<52) - 1
		if f > math.Sqrt2-1 {
			k, f = k+1, (f-1)/2
		}
	}
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
