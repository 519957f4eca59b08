package verify

import (
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

// search looks for a single change in a single tree that gives a row the expected scores. It adds
// the leaves of all trees again, in the order and the precision of the model, with another leaf in
// the place of one.
type search struct {
	record *ensemble.Record
	*difference
	at     int // the first output that differs
	budget int // steps that are left

	leaves  []int     // of each tree: where the row arrives
	values  []float64 // of those leaves
	before  []float64 // of each tree: the sum of its group before it
	group   [][]int   // of each group: its trees
	rank    []int     // of each tree: its place in its group
	sums    []float64 // of each group
	largest []float64 // of each group: the largest magnitude that its sum goes through

	scratch []float64
	out     []float32
}

// maxSteps bounds a search: to add one leaf, or to compute one output, is a step. They take a few
// seconds.
const maxSteps = 1 << 27

func newSearch(r *ensemble.Record, d *difference, budget int) *search {
	groups := r.Config.Groups
	s := &search{
		record: r, difference: d, at: d.output(), budget: budget,
		group: make([][]int, groups), largest: make([]float64, groups), scratch: make([]float64, groups),
		out: make([]float32, len(d.want)),
	}
	for g := range groups {
		s.sums = append(s.sums, r.Start(g))
		s.largest[g] = math.Abs(s.sums[g])
	}
	for i := range r.Trees {
		g := r.Trees[i].Group
		_, leaf := r.Path(nil, i, d.features)
		value := r.Value(i, leaf, d.features)
		s.leaves, s.values = append(s.leaves, leaf), append(s.values, value)
		s.before = append(s.before, s.sums[g])
		s.rank, s.group[g] = append(s.rank, len(s.group[g])), append(s.group[g], i)
		s.sums[g] = r.Add(s.sums[g], value)
		s.largest[g] = max(s.largest[g], math.Abs(s.sums[g]))
	}
	return s
}

// candidate is a leaf that may stand in place of the one where the row arrives.
type candidate struct {
	leaf  int
	parts int // place in the path of the node where the way to it begins
}

// found is a tree that explains the difference.
type found struct {
	candidate
	tree   int
	others int // trees that do so too
}

// find returns the first tree of which a candidate gives the expected scores; nil if there is none.
func (s *search) find(candidates func(tree int) []candidate) (first *found) {
	for i := range s.record.Trees {
		for _, c := range candidates(i) {
			if s.budget < 0 {
				return first
			}
			if !s.gives(i, s.value(i, c.leaf)) {
				continue
			}
			if first == nil {
				first = &found{candidate: c, tree: i}
			} else {
				first.others++
			}
			break
		}
	}
	return first
}

// value returns the value of a leaf for the row.
func (s *search) value(tree, leaf int) float64 {
	if linear := s.record.Trees[tree].Linear; linear != nil {
		s.budget -= len(linear[leaf].Terms)
	}
	return s.record.Value(tree, leaf, s.features)
}

// gives reports whether a leaf of this value in a tree gives the expected scores. An output that
// the change does not concern may stay as it is.
func (s *search) gives(tree int, value float64) bool {
	g := s.record.Trees[tree].Group
	s.budget -= 2 * len(s.sums)
	if value == s.values[tree] || !s.may(g, tree, value) {
		return false
	}
	later := s.group[g][s.rank[tree]+1:]
	s.budget -= len(later)
	sum := s.record.Add(s.before[tree], value)
	for _, i := range later {
		sum = s.record.Add(sum, s.values[i])
	}
	s.answer(g, sum)
	for i, x := range s.out {
		if !equal(x, s.want[i]) && (i == s.at || !equal(x, s.got[i])) {
			return false
		}
	}
	return true
}

// may reports whether such a leaf may give the expected scores. It bounds the sum without adding
// all leaves: every rounding moves it by at most half an ulp of the largest sum on the way. Each
// output rises or falls with each sum, so what is expected lies between the answers for the bounds.
func (s *search) may(group, tree int, value float64) bool {
	const farthest = 8 // steps that the answers themselves are rounded by
	ulp := 0x1p-52
	if s.record.Config.Sum == ensemble.Single {
		ulp = 0x1p-23
	}
	change := value - s.values[tree]
	roundings := float64(len(s.group[group])-s.rank[tree]) + 2
	bound := 2 * ulp * roundings * (s.largest[group] + math.Abs(change) + math.Abs(value))
	middle := s.sums[group] + change
	low, high := below(middle-bound), -below(-middle-bound)
	if low-low != 0 || high-high != 0 {
		return true
	}
	s.answer(group, low)
	a := s.out[s.at]
	s.answer(group, high)
	b, want := s.out[s.at], s.want[s.at]
	if a != a || b != b || want != want {
		return true
	}
	x := ordered(want)
	return x >= min(ordered(a), ordered(b))-farthest && x <= max(ordered(a), ordered(b))+farthest
}

// below returns the largest float32 below x.
func below(x float64) float64 {
	return float64(math.Nextafter32(float32(x), float32(math.Inf(-1))))
}

// answer computes what the model answers with another sum of one group.
func (s *search) answer(group int, sum float64) {
	copy(s.scratch, s.sums)
	s.scratch[group] = sum
	s.record.Answer(s.scratch, s.out)
}
