package post

import (
	"math"

	"github.com/disrust/disrust/batcher/link"
)

// The functions of onnxruntime, step by step in float32.

// Sigmoid is the logistic function.
func Sigmoid(x float32) float32 {
	v := 1 / (1 + exp(-abs(x)))
	if x < 0 {
		return 1 - v
	}
	return v
}

// probit is the approximation of the inverse of the normal distribution that onnxruntime has: of the
// inverse error function, after Winitzki.
func probit(p float32) float32 {
	a := float32(0.147) // a variable, so that what is made of it is rounded
	x := float32(2*p) - 1
	sign := float32(1)
	if x < 0 {
		sign = -1
	}
	l := link.Log32(float32((1 - x) * (1 + x)))
	v := float32(2/(math.Pi*0.147)) + float32(0.5*l)
	v2 := float32(float32(1/a) * l)
	v3 := root(float32(v*v)-v2) - v
	return float32(1.41421356) * float32(sign*root(v3))
}

// softmax leaves sums of about zero out of the exponentials if zero is set.
func softmax(v []float32, wide []float64, zero bool) {
	high := float32(-math.MaxFloat32)
	for _, x := range v {
		high = max(high, x)
	}
	for i, x := range v {
		wide[i] = float64(x - high)
	}
	exponential.Apply(wide[:len(v)])
	scale, total := exp(-high), float32(0)
	for i, x := range v {
		if zero && !(x > 1e-7 || x < -1e-7) {
			v[i] = float32(x * scale)
			continue
		}
		v[i] = float32(wide[i])
		total += v[i]
	}
	for i := range v {
		v[i] /= total
	}
}

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

// root is correctly rounded, as a float64 has more than twice the digits.
func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

var exponential = link.Transform{Func: link.Exp32}

// exp returns e**x, as the C library's expf does.
func exp(x float32) float32 {
	v := [1]float64{float64(x)}
	exponential.Apply(v[:])
	return float32(v[0])
}
