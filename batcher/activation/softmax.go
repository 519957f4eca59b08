package activation

import "math"

// Softmax replaces each value of v by exp(x-high) / the sum of all exp(x-high), where high is the
// largest. All is float64 until the quotient is rounded. scratch has the length of v, at least.
//
// An infinity or NaN among the values makes all answers NaN, except that exp(-inf) is 0.
func Softmax(v []float32, scratch []float64) {
	scratch = scratch[:len(v)]
	_, total := exponentials(v, scratch)
	for i, e := range scratch {
		v[i] = float32(e / total)
	}
}

// LogSoftmax replaces each value of v by the logarithm of its [Softmax], with the same rules. What
// lies far below the largest value does not lose its digits, as it would in the quotient.
func LogSoftmax(v []float32, scratch []float64) {
	high, total := exponentials(v, scratch[:len(v)])
	for i, x := range v {
		v[i] = float32((float64(x) - high) - log(total))
	}
}

// LogSumExp returns the logarithm of the sum of all exp(x), without an overflow on the way. scratch has
// the length of v, at least.
func LogSumExp(v []float32, scratch []float64) float32 {
	high, total := exponentials(v, scratch[:len(v)])
	if math.IsInf(high, 0) {
		return float32(high)
	}
	return float32(high + log(total))
}

// exponentials writes exp(x-high) to wide for each x of v, and returns high and their sum.
func exponentials(v []float32, wide []float64) (high, total float64) {
	high = math.Inf(-1)
	for i, x := range v {
		if i == 0 || float64(x) > high {
			high = float64(x)
		}
	}
	for i, x := range v {
		wide[i] = exp(float64(x) - high)
	}
	return high, Sum(wide)
}

// Sum adds up v in eight lanes: number i is added to lane i%8, in order, and then lane 4 to lane 0,
// 5 to 1, 6 to 2, 7 to 3, 2 to 0, 3 to 1, and 1 to 0. Vectors of two, four and eight numbers can
// all keep this order.
func Sum(v []float64) float64 {
	var lanes [8]float64
	for len(v) >= 8 {
		for i, x := range v[:8] {
			lanes[i] += x
		}
		v = v[8:]
	}
	for i, x := range v {
		lanes[i] += x
	}
	for width := 4; width > 0; width /= 2 {
		for i := range width {
			lanes[i] += lanes[i+width]
		}
	}
	return lanes[0]
}
