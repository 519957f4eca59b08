// Package knee searches for the highest load that keeps a bound, and tries few loads.
package knee

import "math"

// Precision bounds the result of a search: at its end, the lowest load known to break the
// bound is less than 5 % above the highest load known to keep it.
const Precision = 1.05

// Search finds the highest load in a range that keeps a bound. It doubles the load from the
// lowest until the bound breaks, then bisects geometrically. It assumes that every load above
// one that breaks the bound breaks it too.
//
// Use: call Next, try the load that it returns, and Tell whether the bound was kept, until
// Next returns false. Cost: about as many tries as the range has doublings, and five more.
type Search struct {
	low, high    float64
	whole        bool
	kept, missed float64 // highest load that kept the bound, lowest that missed it; 0: none yet
	trying       float64
}

// New begins a search from low, which must be above 0, to high. If whole, it tries only whole
// numbers. Otherwise it tries low, its doublings, high, and numbers of three digits.
func New(low, high float64, whole bool) *Search {
	if !(low > 0 && low <= high) {
		panic("knee: low must be above 0, and high not below low")
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

// between returns the middle between kept and missed, or kept if they are close enough.
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

// rounded returns v with three digits, which people can read and type again.
func rounded(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
