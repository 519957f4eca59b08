package link

// The inverse link functions of XGBoost, operation for operation: float32, rounded after each.

// sigmoid32 is monotone, and positive for every x.
func sigmoid32(x float32) float32 {
	// XGBoost adds 1e-16 as well, which changes no float32 of 1 or more.
	return 1 / (exp32(min(-x, 88.7)) + 1)
}

// softmax32 is shifted by the largest sum. The total is a float64, the quotient a float32.
func softmax32(v []float64) {
	high := float32(v[Largest(v)])
	total := 0.0
	for i, x := range v {
		v[i] = float64(exp32(float32(x) - high))
		total += v[i]
	}
	for i, x := range v {
		v[i] = float64(float32(x) / float32(total))
	}
}

// Logit32 is the link function of [Sigmoid32], as XGBoost turns the base score of a logistic
// objective into a margin. p lies between 0 and 1.
func Logit32(p float32) float32 { return -Log32(1/p - 1) }
