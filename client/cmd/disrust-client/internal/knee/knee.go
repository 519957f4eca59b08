// Package knee searches for the highest load that keeps a bound, and tries few loads.
package knee

import "math"

// Precision bounds the result of a search: at its end, the lowest load known to break the
// bound is less than 5 % above the highest load known to keep it.
const Precision = 1.05

// Search finds the highest load in a range that keeps a bound. It doubles the load from the
// lowest until the bound breaks, then bisects geometrically. It assumes that every load above
// one that breaks the bound breaks it too, unless a higher load was seen to keep it.
//
// While no load has kept the bound, the doubling goes on: a single pause can break the bound at
// a low load, and the loads above show how latency grows. It ends where a doubled load brings
// less than Growth times the answers.
//
// Use: call Next, try the load that it returns, and Tell how it went, until Next returns false.
// Cost: about as many tries as the range has doublings, and five more.
type Search struct {
	low, high    float64
	whole        bool
	kept, missed float64 // highest load that kept the bound, lowest above it that missed it; 0: none yet
	trying       float64
	answered     float64 // most answers per second of a load so far
	full         bool    // the last load brought no more answers than those before it
}

// Growth is by how much a doubled load must raise the answers per second, so that a load above
// it is worth a try while none has kept the bound.
const Growth = 1.1

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
	switch highest := max(s.kept, s.missed); {
	case highest == 0:
		s.trying = s.low
	case s.kept > 0 && s.missed > 0:
		s.trying = s.between()
		return s.trying, s.trying > s.kept
	case highest >= s.high || s.kept == 0 && s.full:
		return 0, false
	default:
		s.trying = min(2*highest, s.high)
	}
	return s.trying, true
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

// Tell says whether the load of the last Next kept the bound, and how many answers per second it
// brought.
func (s *Search) Tell(kept bool, answered float64) {
	switch {
	case !kept:
		s.missed = s.trying
	case s.missed < s.trying:
		s.kept, s.missed = s.trying, 0 // what missed below was a pause
	default:
		s.kept = s.trying
	}
	s.full = answered < Growth*s.answered
	s.answered = max(s.answered, answered)
}

// rounded returns v with three digits, which people can read and type again.
func rounded(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
