package link

// Class returns the class that the answers of a row name: the index of the largest, the first
// of equals. A single answer is the probability of class 1, which is named if that is above 0.5.
func Class(v []float64) float32 {
	if len(v) > 1 {
		return float32(Largest(v))
	}
	if v[0] > 0.5 {
		return 1
	}
	return 0
}
