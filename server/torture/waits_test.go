//go:build linux

package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWaits: whatever the neighbours' waits are, a reported figure is exact or too long by up
// to a thousandth. Waits before the attack do not count.
func TestWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newNeighbourhood(nil, true)
		h.all[0].took(time.Hour)
		h.takeWaits()
		scales := rapid.SampledFrom([]time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Minute})
		var all []time.Duration
		for range rapid.IntRange(1, 2000).Draw(t, "count") {
			wait := time.Duration(rapid.IntRange(0, 59).Draw(t, "wait")) * scales.Draw(t, "scale")
			all = append(all, wait)
			h.all[len(all)%neighbourCount].took(wait)
		}
		slices.Sort(all)
		var got neighbours
		got.keepWaits(h.takeWaits())
		for q, reported := range map[float64]time.Duration{0.5: got.P50, 0.99: got.P99, 0.999: got.P999, 1: got.Worst} {
			rank := max(1, int(math.Round(q*float64(len(all)))))
			if exact := all[rank-1]; reported < exact || reported > exact+exact/1000 {
				t.Fatalf("quantile %v of %d waits is %v, reported as %v", q, len(all), exact, reported)
			}
		}
	})
}

// TestWaitsBeyond: without waits all figures are 0, and a very long wait counts as an hour.
func TestWaitsBeyond(t *testing.T) {
	var got neighbours
	waits := newWaits()
	if got.keepWaits(waits); got != (neighbours{}) {
		t.Errorf("without waits the figures are %+v", got)
	}
	addWait(waits, -1)
	addWait(waits, 24*time.Hour)
	got.keepWaits(waits)
	if got.P50 != 0 || got.Worst < time.Hour || got.Worst > time.Hour+time.Hour/1000 {
		t.Errorf("%+v", got)
	}
}
