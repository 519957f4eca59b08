package link

import "math"

// sigmoid returns 1 / (1 + exp(-scale*x)).
func sigmoid(x, scale float64) float64 { return 1 / (1 + exp(-scale*x)) }

// softmax shifts by the largest sum, so that no power overflows.
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

func log1pExp(x float64) float64 { return math.Log1p(exp(x)) }

func signedSquare(x float64) float64 { return x * math.Abs(x) }

func exp(x float64) float64 { return math.Exp(x) }
