// Package knee searches for the highest load that keeps a bound, by trying few.
package knee

import "math"

// Precision is how close a search comes: the least load known to break the
// bound is less than 5 % above the highest known to keep it.
const Precision = 1.05

// Search looks for the highest load, between two, that keeps a bound: it doubles
// from the lowest until the bound breaks, then bisects, each time in proportion.
// It takes for granted that what is above a load that breaks the bound breaks
// it too.
//
// Use: ask Next, try what it says, Tell how it went, until Next says that there
// is nothing left. Cost: about as many tries as the span has doublings, and five.
type Search struct {
	low, high    float64
	whole        bool
	kept, missed float64 // highest kept, lowest missed; 0: none yet
	trying       float64
}

// New begins a search from low, above 0, to high; among whole numbers only, or
// among those of three digits and the two.
func New(low, high float64, whole bool) *Search {
	if !(low > 0 && low <= high) {
		panic("knee: the span is not from above 0 upwards")
	}
	return &Search{low: low, high: high, whole: whole}
}

// Next returns the load to try next, or false when the search is over.
func (s *Search) Next() (load float64, ok bool) {
	switch {
	case s.kept == 0 && s.missed == 0:
		s.trying = s.low
	case s.kept == 0 || s.missed == 0 && s.kept >= s.high:
		return 0, false
	case s.missed == 0:
		s.trying = min(2*s.kept, s.high)
	default:
		s.trying = s.between()
	}
	return s.trying, s.trying > s.kept
}

// between is in the middle of what is not known, or kept if that is precise.
func (s *Search) between() float64 {
	if s.missed <= Precision*s.kept {
		return s.kept
	}
	middle := math.Sqrt(s.kept * s.missed)
	if !s.whole {
		return rounded(middle)
	}
	return min(max(math.Round(middle), s.kept+1), s.missed-1)
}

// Tell says whether the load of the last Next kept the bound.
func (s *Search) Tell(kept bool) {
	if kept {
		s.kept = s.trying
	} else {
		s.missed = s.trying
	}
}

// rounded is v in three digits, to be read and typed again.
func rounded(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
