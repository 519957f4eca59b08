package verify

import (
	"slices"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/wire"
)

// explain looks for what explains the difference.
func explain(r *ensemble.Record, about *forest.About, d *difference) *explanation {
	s := newSearch(r, d, maxSteps)
	e := &explanation{Parts: -1, Iterations: s.iterations(about), Output: s.otherOutput()}
	kinds := []struct {
		name       string
		candidates func(tree int) []candidate
	}{{"split", s.detours}, {"leaf", s.allLeaves}}
	var f *found
	for _, kind := range kinds {
		if f = s.find(kind.candidates); f != nil {
			e.Explains = kind.name
			break
		}
	}
	e.CutOff = s.budget < 0
	if f != nil {
		e.Tree, e.Others, e.Parts = f.tree, f.others, f.parts
		e.Other = s.leaf(f.tree, f.leaf)
	}
	if e.Tree < len(r.Trees) {
		path, end := r.Path(nil, e.Tree, d.features)
		e.Path, e.Leaf = s.path(e.Tree, path, about.Features), *s.leaf(e.Tree, end)
	}
	return e
}

// detours returns the leaves where the row arrives if it leaves one node on the other side, the
// nearest first.
func (s *search) detours(tree int) (all []candidate) {
	t := &s.record.Trees[tree]
	path, _ := s.record.Path(nil, tree, s.features)
	var detour []ensemble.Step
	for i, step := range slices.Backward(path) {
		if s.budget < 0 {
			break
		}
		at := t.Nodes[step.Node].Left
		if step.Left {
			at = t.Nodes[step.Node].Right
		}
		var leaf int
		detour, leaf = s.record.PathFrom(detour[:0], tree, at, s.features)
		all = append(all, candidate{leaf, i})
		s.budget -= len(detour)
	}
	return all
}

// allLeaves returns the leaves of a tree but the one where the row arrives, the nearest
// first.
func (s *search) allLeaves(tree int) []candidate {
	t := &s.record.Trees[tree]
	path, _ := s.record.Path(nil, tree, s.features)
	parts := make([]int, len(t.Nodes)) // of each node: 1 more than the place of the last node of the path above it
	for i, step := range path {
		parts[step.Node] = i + 1
	}
	var all []candidate
	stack := []int32{0}
	if len(t.Nodes) == 0 {
		return nil
	}
	for len(stack) > 0 {
		node := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, child := range []int32{t.Nodes[node].Right, t.Nodes[node].Left} {
			switch {
			case child >= 0:
				if parts[child] == 0 {
					parts[child] = parts[node]
				}
				stack = append(stack, child)
			case int(^child) != s.leaves[tree]:
				all = append(all, candidate{int(^child), parts[node] - 1})
			}
		}
	}
	s.budget -= len(t.Nodes)
	slices.SortStableFunc(all, func(a, b candidate) int { return b.parts - a.parts })
	return all
}

// iterations returns the number of first iterations that give the expected scores; 0 if none does.
// A class says too little for that.
func (s *search) iterations(about *forest.About) int {
	c := &s.record.Config
	if c.Output == wire.Class || c.Divisor != 0 || about.Used == 0 || len(s.values)%about.Used != 0 {
		return 0
	}
	each := len(s.values) / about.Used
	sums := make([]float64, c.Groups)
	for g := range sums {
		sums[g] = s.record.Start(g)
	}
	for i, value := range s.values {
		g := s.record.Trees[i].Group
		sums[g] = s.record.Add(sums[g], value)
		if done := i + 1; done%each == 0 && done < len(s.values) {
			copy(s.scratch, sums)
			if s.record.Answer(s.scratch, s.out); slices.EqualFunc(s.out, s.want, equal) {
				return done / each
			}
		}
	}
	return 0
}

// otherOutput returns the other output that has the expected scores; "" if none has.
func (s *search) otherOutput() string {
	for _, kind := range []wire.Kind{wire.Raw, wire.Prob} {
		r := ensemble.Record{Config: s.record.Config}
		r.Config.Output = kind
		if kind == s.record.Config.Output || len(s.want) != r.Outputs() {
			continue
		}
		copy(s.scratch, s.sums)
		if r.Answer(s.scratch, s.out); slices.EqualFunc(s.out, s.want, equal) {
			return kind.String()
		}
	}
	return ""
}
