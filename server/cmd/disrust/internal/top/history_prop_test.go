package top

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestHistory: whatever rates come when, the spans before now have the means of theirs, and no others.
func TestHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{span: 5 * time.Second}
		number := func(at time.Time) int64 { return at.Unix() / 5 }
		measured := make(map[int64][]float64)
		at := start
		for range rapid.IntRange(0, 50).Draw(t, "readings") {
			most := rapid.SampledFrom([]int{2, 20, 2 * mostSpans * 5}).Draw(t, "most seconds")
			at = at.Add(time.Duration(rapid.IntRange(0, most).Draw(t, "seconds")) * time.Second)
			rate := rapid.SampledFrom([]float64{0, 1, 10, none}).Draw(t, "rate")
			h.add(at, rate)
			if !math.IsNaN(rate) {
				measured[number(at)] = append(measured[number(at)], rate)
			}
		}
		if len(h.spans) > mostSpans {
			t.Fatalf("%d spans are kept", len(h.spans))
		}
		now := at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "later")) * time.Second)
		columns := rapid.IntRange(1, mostSpans/2).Draw(t, "columns")
		for i, got := range h.last(now, columns) {
			rates := measured[number(now)-int64(columns-1-i)]
			want := none
			if len(rates) > 0 {
				want = 0
				for _, r := range rates {
					want += r / float64(len(rates))
				}
			}
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9 {
				t.Fatalf("column %d of %d is %v, want %v", i, columns, got, want)
			}
		}
	})
}

// TestLongGap: a computer that slept for a century costs no memory for each span of it.
func TestLongGap(t *testing.T) {
	h := history{span: time.Second}
	h.add(start, 1)
	later := start.AddDate(100, 0, 0)
	h.add(later, 2)
	if got := h.last(later, 2); !math.IsNaN(got[0]) || got[1] != 2 || len(h.spans) != 1 {
		t.Error(got, len(h.spans))
	}
}

// TestClockGoesBack: after the clock was set back, the history begins again.
func TestClockGoesBack(t *testing.T) {
	h := history{span: time.Second}
	h.add(start, 1)
	h.add(start.Add(-time.Hour), 2)
	if got := h.last(start.Add(-time.Hour), 2); !math.IsNaN(got[0]) || got[1] != 2 {
		t.Error(got)
	}
}
