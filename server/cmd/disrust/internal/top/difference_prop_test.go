package top

import (
	"math"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/metrics"
	"pgregory.net/rapid"
)

// TestDifference: of any values before a reading and any in the interval after it, the difference has those of
// the interval alone, with quantiles that are wrong by 1/128 at most.
func TestDifference(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) uint64 {
		return rapid.Uint64Range(0, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "value")
	})
	rapid.Check(t, func(t *rapid.T) {
		h := new(metrics.Histogram)
		for _, v := range rapid.SliceOfN(value, 0, 60).Draw(t, "before") {
			h.Add(v, 1)
		}
		before := distribution(h)
		during := rapid.SliceOfN(value, 0, 60).Draw(t, "during")
		for _, v := range during {
			h.Add(v, 1)
		}
		got, ok := difference(before, distribution(h))
		if !ok || got.Count() != uint64(len(during)) {
			t.Fatalf("%v, %+v", ok, got)
		}
		if len(during) == 0 {
			return
		}
		slices.Sort(during)
		for _, q := range []float64{0.5, 0.99, 0.999, 1, rapid.Float64Range(0, 1).Draw(t, "q")} {
			want := float64(during[max(0, int(math.Ceil(q*float64(len(during))))-1)])
			if at := got.Quantile(q); math.Abs(at-want) > want/128 {
				t.Fatalf("quantile %v is %v, want %v", q, at, want)
			}
		}
	})
}

// TestDifferenceOfTwoProcesses: a histogram that has lost any count is of another process.
func TestDifferenceOfTwoProcesses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := new(metrics.Histogram)
		for _, v := range rapid.SliceOfN(rapid.Uint64Range(0, 1e6), 1, 20).Draw(t, "before") {
			h.Add(v, 2)
		}
		before := distribution(h)
		now := admin.Distribution{UpTo: slices.Clone(before.UpTo), Counts: slices.Clone(before.Counts)}
		at := rapid.IntRange(0, len(now.Counts)-1).Draw(t, "at")
		now.Counts[at] -= rapid.Uint64Range(1, now.Counts[at]).Draw(t, "less")
		for i := range now.Counts {
			if i != at {
				now.Counts[i] += rapid.Uint64Range(0, 9).Draw(t, "more")
			}
		}
		if got, ok := difference(before, now); ok {
			t.Fatalf("%+v", got)
		}
	})
}
