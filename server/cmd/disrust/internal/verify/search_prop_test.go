package verify

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestSearch compares the search with one that adds all leaves for every candidate: the first
// tree that explains a difference is the same, and so is the number of others.
func TestSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		record := anyRecord(r)
		d := anyDifference(r, record)
		if d == nil {
			return
		}
		s := newSearch(record, d, maxSteps)
		for name, candidates := range map[string]func(int) []candidate{"split": s.detours, "leaf": s.allLeaves} {
			got := s.find(candidates)
			first, count := -1, 0
			for tree := range record.Trees {
				for _, c := range candidates(tree) {
					if leads(s, tree, c.leaf) {
						if count++; count == 1 {
							first = tree
						}
						break
					}
				}
			}
			switch {
			case got == nil && first < 0:
			case got == nil || got.tree != first || got.others != count-1 || !leads(s, got.tree, got.leaf):
				t.Fatalf("%s: %+v, want tree %d of %d", name, got, first, count)
			}
		}
	})
}

// leads reports whether a leaf gives the expected scores, and is another than the row's.
func leads(s *search, tree, leaf int) bool {
	r := s.record
	if r.Value(tree, leaf, s.features) == s.values[tree] {
		return false
	}
	out := scoresWith(r, s.features, tree, leaf)
	for i := range out {
		if !equal(out[i], s.want[i]) && (i == s.at || !equal(out[i], s.got[i])) {
			return false
		}
	}
	return true
}

// scoresWith scores a row that arrives at another leaf of a tree; of tree -1: of none.
func scoresWith(r *ensemble.Record, row []float32, tree, leaf int) []float32 {
	sums := make([]float64, r.Config.Groups)
	for g := range sums {
		sums[g] = r.Start(g)
	}
	for i := range r.Trees {
		_, at := r.Path(nil, i, row)
		if i == tree {
			at = leaf
		}
		g := r.Trees[i].Group
		sums[g] = r.Add(sums[g], r.Value(i, at, row))
	}
	out := make([]float32, r.Outputs())
	r.Answer(sums, out)
	return out
}

// anyDifference returns a row of which one leaf is another, or of which a score is one step away.
func anyDifference(r *rand.Rand, record *ensemble.Record) *difference {
	d := &difference{}
	for range record.Config.Dim {
		d.features = append(d.features, float32(r.NormFloat64()))
	}
	d.got = scoresWith(record, d.features, -1, 0)
	tree := r.IntN(len(record.Trees))
	d.want = scoresWith(record, d.features, tree, r.IntN(len(record.Trees[tree].Leaves)))
	if r.IntN(4) == 0 {
		at := r.IntN(len(d.want))
		d.want[at] = math.Nextafter32(d.want[at], float32(r.NormFloat64()))
	}
	for i := range d.want {
		if !equal(d.want[i], d.got[i]) {
			return d
		}
	}
	return nil
}

func anyRecord(r *rand.Rand) *ensemble.Record {
	c := ensemble.Config{Dim: 3, Groups: 1 + r.IntN(3), Sum: ensemble.Precision(r.IntN(2)), Divisor: float64(r.IntN(3))}
	c.Output = []wire.Kind{wire.Raw, wire.Prob, wire.Class}[r.IntN(3)]
	if c.Transform = (link.Transform{Func: []link.Func{link.Identity, link.Sigmoid, link.Softmax}[r.IntN(3)], Scale: 1}); c.Sum == ensemble.Single {
		c.Divisor = 0
		c.Transform.Func = []link.Func{link.Identity, link.Sigmoid32, link.Softmax32}[r.IntN(3)]
		for range c.Groups {
			c.Base = append(c.Base, float32(r.NormFloat64()))
		}
	}
	record := &ensemble.Record{Config: c}
	scale := math.Pow(10, float64(r.IntN(5)-2))
	for range 1 + r.IntN(60) {
		record.Trees = append(record.Trees, anyTree(r, &c, scale))
	}
	return record
}

// anyTree returns a tree whose nodes each have a leaf on one side, and one that has two.
func anyTree(r *rand.Rand, c *ensemble.Config, scale float64) ensemble.Tree {
	t := ensemble.Tree{Group: r.IntN(c.Groups)}
	nodes := r.IntN(8)
	for i := range nodes {
		n := ensemble.Node{Feature: r.IntN(c.Dim), Threshold: float32(r.NormFloat64()), Left: int32(i + 1), Right: ^int32(i)}
		if i == nodes-1 {
			n.Left = ^int32(nodes)
		}
		if r.IntN(2) == 0 {
			n.Left, n.Right = n.Right, n.Left
		}
		t.Nodes = append(t.Nodes, n)
	}
	for range nodes + 1 {
		value := scale * r.NormFloat64()
		if c.Sum == ensemble.Single {
			value = float64(float32(value))
		}
		t.Leaves = append(t.Leaves, value)
	}
	return t
}

// TestSearchEnds: a search without steps left ends, and says so.
func TestSearchEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	record := anyRecord(r)
	d := anyDifference(r, record)
	for d == nil {
		d = anyDifference(r, record)
	}
	d.want[0] = 1e30
	s := newSearch(record, d, 1)
	if f := s.find(s.detours); f != nil || s.budget >= 0 {
		t.Errorf("%+v, %d steps are left", f, s.budget)
	}
}
