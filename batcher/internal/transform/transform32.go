package transform

// The transforms of XGBoost, operation for operation: float32, rounded after each step. None of
// them depends on another row.

// Sigmoid32 returns 1/(1+e**-x). It is monotone, and positive for every x.
func Sigmoid32(x float32) float32 {
	// XGBoost adds 1e-16 as well, which changes no float32 of 1 or more.
	return 1 / (Exp32(min(-x, 88.7)) + 1)
}

// Softmax32 replaces scores by e**score, divided by their sum.
func Softmax32(scores []float32) {
	top := scores[0]
	for _, x := range scores[1:] {
		top = max(top, x)
	}
	sum := 0.0
	for i, x := range scores {
		scores[i] = Exp32(x - top)
		sum += float64(scores[i])
	}
	for i := range scores {
		scores[i] /= float32(sum)
	}
}

// Hinge32 returns 1 if x is positive, and 0 otherwise.
func Hinge32(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}

// Margin32 returns the x for which Sigmoid32 is p, as XGBoost computes it from a base score.
func Margin32(p float32) float32 { return -Log32(1/p - 1) }
