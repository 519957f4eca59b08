package knee

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// server answers up to most per second. It keeps the bound for loads from least to limit.
type server struct{ least, limit, most float64 }

// search tries the loads that s asks for, until the search is over.
func search(s *Search, on server) (tried []float64) {
	for load, ok := s.Next(); ok; load, ok = s.Next() {
		tried = append(tried, load)
		s.Tell(load >= on.least && load <= on.limit, min(load, on.most))
	}
	return tried
}

// upTo returns a server that keeps the bound up to limit and answers every load.
func upTo(limit float64) server { return server{0, limit, math.Inf(1)} }

func TestSearch(t *testing.T) {
	for name, c := range map[string]struct {
		s    *Search
		on   server
		want []float64
	}{
		"none keeps":    {New(10e3, 60e3, false), upTo(9e3), []float64{10e3, 20e3, 40e3, 60e3}},
		"none can":      {New(10e3, 2e6, false), server{0, 9e3, 50e3}, []float64{10e3, 20e3, 40e3, 80e3, 160e3}},
		"lowest pauses": {New(100, 1000, true), server{200, 250, 1000}, []float64{100, 200, 400, 283, 238, 260, 249}},
		"all but last":  {New(100, 200, false), server{200, 200, 200}, []float64{100, 200}},
		"all keep":      {New(10, 50, false), upTo(100), []float64{10, 20, 40, 50}},
		"one":           {New(7, 7, true), upTo(7), []float64{7}},
		"between":       {New(10e3, 2e6, false), upTo(26e3), []float64{10e3, 20e3, 40e3, 28.3e3, 23.8e3, 26e3, 27.1e3}},
		"whole":         {New(1, 512, true), upTo(5), []float64{1, 2, 4, 8, 6, 5}},
		"whole, next":   {New(1, 512, true), upTo(1), []float64{1, 2}},
		"close":         {New(100, 104, false), upTo(100), []float64{100, 104}},
	} {
		if got := search(c.s, c.on); !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-6*b }) {
			t.Errorf("%s: tried %v, want %v", name, got, c.want)
		}
	}
}

// TestPrecise: whatever the range and the limit, the search ends soon, stays in the range,
// tries no load twice, and reaches its precision.
func TestPrecise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Bool().Draw(t, "whole")
		low := rapid.Float64Range(1, 1e8).Draw(t, "low")
		high := low * rapid.Float64Range(1, 1e4).Draw(t, "times")
		if whole {
			low, high = math.Floor(low), math.Floor(high)
		}
		limit := rapid.Float64Range(low/2, 2*high).Draw(t, "limit")
		s := New(low, high, whole)
		tried := search(s, upTo(limit))

		most := int(math.Ceil(math.Log2(high/low))) + 1 + 5
		if len(tried) > most || slices.Min(tried) < low || slices.Max(tried) > high {
			t.Fatalf("%d loads between %v and %v: %v; at most %d", len(tried), low, high, tried, most)
		}
		for i, load := range tried {
			if slices.Contains(tried[:i], load) || whole && load != math.Floor(load) {
				t.Fatalf("tried %v", tried)
			}
		}
		precise := s.missed <= Precision*s.kept || whole && s.missed == s.kept+1
		if over := limit >= low && limit < high; over && !precise {
			t.Fatalf("%v kept and %v missed are further apart than Precision: %v", s.kept, s.missed, tried)
		}
	})
}

func TestBadSpan(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {2, 1}, {math.NaN(), 1}, {1, math.NaN()}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New accepts the range %v", c)
				}
			}()
			New(c[0], c[1], false)
		}()
	}
}
