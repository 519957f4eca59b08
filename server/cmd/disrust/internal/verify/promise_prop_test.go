package verify

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPromise: a promise is kept if every score keeps it, in whatever parts the scores come.
func TestPromise(t *testing.T) {
	value := rapid.SampledFrom([]float32{0, 1, -1, 1.00001, 100, 100.0009, -100.002, float32(math.Inf(1)), float32(math.NaN())})
	rapid.Check(t, func(t *rapid.T) {
		outputs := rapid.IntRange(1, 3).Draw(t, "outputs")
		rows := rapid.IntRange(1, 6).Draw(t, "rows")
		draw := func(label string) []float32 {
			return rapid.SliceOfN(value, rows*outputs, rows*outputs).Draw(t, label)
		}
		want, got := draw("expected"), draw("scores")
		for i := range got {
			if rapid.IntRange(0, 9).Draw(t, "equal") > 0 {
				got[i] = want[i]
			}
		}
		near := promise{part: 1e-5}
		c := tally{outputs: outputs, span: newSpan(outputs)}
		for i := range rows {
			c.add(&part{first: int64(i), rows: []float32{0}, want: want[i*outputs : (i+1)*outputs], got: got[i*outputs : (i+1)*outputs]})
		}
		if keeps := near.kept(&c); keeps != nearly(near.part, outputs, want, got) {
			t.Errorf("kept: %v", keeps)
		}
		exact := tally{outputs: outputs}
		exact.add(&part{rows: make([]float32, rows), want: want, got: got})
		for allowed := range int64(200) {
			few := promise{steps: allowed}
			if keeps := few.kept(&exact); keeps != within(allowed, want, got) {
				t.Errorf("kept within %d steps: %v", allowed, keeps)
			}
		}
	})
}

// nearly reports whether scores lie within a part of 1 + the largest of their output.
func nearly(part float64, outputs int, want, got []float32) bool {
	for i := range want {
		high := 0.0
		for j := i % outputs; j < len(want); j += outputs {
			if x := math.Abs(float64(want[j])); x <= math.MaxFloat32 {
				high = max(high, x)
			}
		}
		if !equal(want[i], got[i]) && !(math.Abs(float64(want[i])-float64(got[i])) <= part*(1+high)) {
			return false
		}
	}
	return true
}

// within reports whether scores lie at most so many steps apart.
func within(allowed int64, want, got []float32) bool {
	for i := range want {
		if !equal(want[i], got[i]) && (want[i] != want[i] || got[i] != got[i] || steps(want[i], got[i]) > allowed) {
			return false
		}
	}
	return true
}

// TestPromiseText: a user learns what was promised.
func TestPromiseText(t *testing.T) {
	for want, p := range map[string]promise{
		"more than 1e-05 * (1 + the largest score of its output) away": {part: 1e-5},
		"more than 1 float32 step away":                                {steps: 1},
		"more than 2 float32 steps away":                               {steps: 2},
	} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("%s, not %s", p, want)
		}
	}
}
