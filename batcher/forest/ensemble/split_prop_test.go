package ensemble

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestUpToDouble compares a split at a float64 with the float32 it becomes, for the floats next
// to it.
func TestUpToDouble(t *testing.T) {
	check := func(fail func(string, ...any), threshold float64) {
		split := UpToDouble(threshold)
		around := []float32{float32(math.Inf(-1)), -math.MaxFloat32, 0, math.SmallestNonzeroFloat32, math.MaxFloat32, float32(math.Inf(1))}
		x := split
		for range 3 {
			around = append(around, x)
			x = math.Nextafter32(x, float32(math.Inf(1)))
		}
		x = split
		for range 3 {
			x = math.Nextafter32(x, float32(math.Inf(-1)))
			around = append(around, x)
		}
		for _, x := range around {
			if (x <= split) != (float64(x) <= threshold) {
				fail("%v <= %v and its split %v disagree", x, threshold, split)
			}
		}
	}
	for _, h := range hostile {
		for _, x := range []float64{float64(h), math.Nextafter(float64(h), math.Inf(1)), math.Nextafter(float64(h), math.Inf(-1))} {
			check(t.Errorf, x)
		}
	}
	for _, x := range []float64{1e300, -1e300, math.Inf(1), math.Inf(-1), 3.5e38, -3.5e38, 1e-300, -1e-300} {
		check(t.Errorf, x)
	}
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint32().Draw(t, "bits")
		x := float64(math.Float32frombits(bits))
		if x != x {
			return
		}
		check(t.Fatalf, x+rapid.Float64Range(-1, 1).Draw(t, "off")*math.Abs(x)*0x1p-24)
	})
}
