package verify

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestTally compares counts over parts of any sizes with counts over all scores.
func TestTally(t *testing.T) {
	value := rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), 1, math.Nextafter32(1, 2), -3, float32(math.Inf(1)), float32(math.NaN()), math.Float32frombits(0xffc00001)})
	rapid.Check(t, func(t *rapid.T) {
		outputs, rows := rapid.IntRange(1, 3).Draw(t, "outputs"), rapid.IntRange(1, 20).Draw(t, "rows")
		want := rapid.SliceOfN(value, rows*outputs, rows*outputs).Draw(t, "want")
		got := rapid.SliceOfN(value, rows*outputs, rows*outputs).Draw(t, "got")
		features := make([]float32, rows)
		for i := range features {
			features[i] = float32(i)
		}
		c := tally{outputs: outputs}
		for from := 0; from < rows; {
			to := rapid.IntRange(from+1, rows).Draw(t, "to")
			c.add(&part{int64(from), features[from:to], want[from*outputs : to*outputs], got[from*outputs : to*outputs]})
			from = to
		}
		different, oneNaN, largest, farthest, first, last, inRows := 0, 0, 0.0, int64(0), -1, -1, 0
		for i := range want {
			isNaN := want[i] != want[i]
			switch alsoNaN := got[i] != got[i]; {
			case isNaN && alsoNaN, math.Float32bits(want[i]) == math.Float32bits(got[i]):
				continue
			case isNaN != alsoNaN:
				oneNaN++
			default:
				largest = max(largest, math.Abs(float64(want[i])-float64(got[i])))
				farthest = max(farthest, steps(want[i], got[i]))
			}
			different++
			if row := i / outputs; row != last {
				last, inRows = row, inRows+1
			}
			if first < 0 {
				first = i
			}
		}
		if int(c.scores) != len(want) || int(c.different) != different || int(c.oneNaN) != oneNaN || int(c.rows) != inRows ||
			float64(c.largest.Difference) != largest || c.farthest.Steps != farthest {
			t.Fatalf("%+v", c)
		}
		if (c.first == nil) != (first < 0) {
			t.Fatalf("first: %+v, want %d", c.first, first)
		}
		if c.first != nil && (int(c.first.row) != first/outputs || c.first.output() != first%outputs || c.first.features[0] != float32(first/outputs)) {
			t.Fatalf("first: %+v, want %d", c.first, first)
		}
	})
}

// TestSteps: each step is to the next float32, with one between the two zeros.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float32().Draw(t, "a")
		b, count := a, int64(0)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			if b == 0 && math.Signbit(float64(b)) {
				b = 0
			} else if next := math.Nextafter32(b, float32(math.Inf(1))); next == 0 {
				b = float32(math.Copysign(0, -1))
			} else {
				b = next
			}
			count++
		}
		if math.IsInf(float64(b), 1) {
			return
		}
		if steps(a, b) != count || steps(b, a) != count {
			t.Fatalf("%d and %d steps from %v to %v, want %d", steps(a, b), steps(b, a), a, b, count)
		}
	})
}
