package gemm

import "math"

// fma returns x*w + sum, rounded once to float32, as processors do that fuse the two. All three are
// float32, so that the product is exact in a float64.
//
// The sum is rounded to float64, and then to float32. That goes wrong only if the first rounding has made it
// a number half way between two float32. Near 0 a float32 has fewer digits, and so more such numbers.
func fma(x, w, sum float64) float32 {
	product := float64(x * w)
	s := product + sum
	if halfway(s) || math.Abs(s) < 1.0/(1<<63)/(1<<63) {
		s = odd(s, product, sum)
	}
	return float32(s)
}

// halfway reports whether s is half way between two float32, if it is not below the normal ones: it has a 1
// behind the digits of a float32, and then zeros.
func halfway(s float64) bool { return math.Float64bits(s)<<35 == 1<<63 }

// odd returns s, which is a+b rounded to float64, or its neighbour on the side of the exact sum: of the
// two, the one whose last bit is 1, unless s is exact. A number that is rounded so can be rounded again, to two
// digits less or fewer, as if it had not been rounded (Boldo and Melquiond, 2008).
func odd(s, a, b float64) float64 {
	part := s - a
	lost := (a - (s - part)) + (b - part) // the exact a + b - s (Knuth)
	bits := math.Float64bits(s)
	switch {
	case lost == 0 || lost != lost || bits&1 == 1:
		return s
	case (lost > 0) == (s > 0):
		return math.Float64frombits(bits + 1)
	}
	return math.Float64frombits(bits - 1)
}
