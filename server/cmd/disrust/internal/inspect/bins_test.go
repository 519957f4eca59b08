package inspect

import (
	"testing"

	"pgregory.net/rapid"
)

// TestBins: bins lie apart, in ascending order, are few, and hold exactly the values between their bounds.
func TestBins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int{1, 20, 1 << 30}).Draw(t, "most")
		values := rapid.SliceOf(rapid.IntRange(0, most)).Draw(t, "values")
		all := bins(values)
		if len(all) > mostBins {
			t.Fatalf("%d bins", len(all))
		}
		held := 0
		for i, b := range all {
			count := 0
			for _, v := range values {
				if b.Low <= v && v <= b.High {
					count++
				}
			}
			if held += b.Trees; count != b.Trees || count == 0 || i > 0 && all[i-1].High >= b.Low {
				t.Errorf("%+v: %d values are in bin %d", all, count, i)
			}
		}
		if held != len(values) {
			t.Errorf("%d of %d values", held, len(values))
		}
	})
}
