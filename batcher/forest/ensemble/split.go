package ensemble

import "math"

// UpToDouble returns the float32 t32 for which each float32 x has x <= t32 iff float64(x) <= t:
// the largest that is not above t. So a split at a float64 is one at a float32.
func UpToDouble(t float64) float32 {
	t32 := float32(t)
	if float64(t32) > t {
		return math.Nextafter32(t32, float32(math.Inf(-1)))
	}
	return t32
}
