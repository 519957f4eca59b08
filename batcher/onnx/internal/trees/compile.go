package trees

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/wire"
)

// Compiled are the stages of an ensemble. The last makes the sums, one column for each target, or
// what Aggregate says of the weights. If Flags is set, as many columns follow, which say whether the
// row has a weight for the target. Otherwise a target has weights for all rows or for none.
type Compiled struct {
	Stages []pipeline.Stage
	Flags  bool
	Models []*ensemble.Model // of all trees, in their order
	kernel kernel.Kind
}

// Fault says which tree is refused, and why.
type Fault struct {
	Tree int
	*ensemble.Fault
	True bool // of a fault with a side: it is the child for rows that the test holds for
}

// maxLeaves is how many leaves of a tree have numbers that a float32 holds.
const maxLeaves = 1 << 24

// Compile makes the stages, with the instructions of k. The input is the value from, and the first of them makes the value next.
func (e *Ensemble) Compile(from, next int, k kernel.Kind) (*Compiled, error) {
	c := &Compiled{kernel: k}
	columns := &equal{from: from, dim: e.Dim}
	for i := range e.Trees {
		for j := range e.Trees[i].Nodes {
			n := &e.Trees[i].Nodes[j]
			if m := n.members(); m != nil {
				columns.column(n.Feature, m)
			}
		}
	}
	if columns.Width() > wire.MaxDim {
		return nil, fmt.Errorf("%d features and %d different tests for equality: at most %d together are supported",
			e.Dim, len(columns.tests), wire.MaxDim)
	}
	if len(columns.tests) > 0 {
		c.Stages = append(c.Stages, columns)
		from = next
	}
	if e.direct() {
		m, err := c.build(e, columns, 0, len(e.Trees), true)
		if err == nil {
			c.add(m, from)
		}
		return c, err
	}
	c.Flags = true
	numbers := []int{}
	for first := 0; first < len(e.Trees); first += wire.MaxOutputs {
		m, err := c.build(e, columns, first, min(len(e.Trees), first+wire.MaxOutputs), false)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, next+len(c.Stages))
		c.add(m, from)
	}
	c.Stages = append(c.Stages, newLookup(e, numbers))
	return c, nil
}

func (c *Compiled) add(m *ensemble.Model, from int) {
	c.Models = append(c.Models, m)
	c.Stages = append(c.Stages, &walk{m, from})
}

// build makes an ensemble of the trees from first to end. It answers their sums or, for each tree,
// the number of the leaf.
func (c *Compiled) build(e *Ensemble, columns *equal, first, end int, sums bool) (*ensemble.Model, error) {
	config := ensemble.Config{Dim: columns.Width(), Groups: end - first, Sum: ensemble.Single, Output: wire.Raw, Kernel: c.kernel}
	if sums {
		config.Groups = e.Targets
	}
	b, err := ensemble.NewBuilder(config)
	if err != nil {
		return nil, err
	}
	b.Reserve(e.leaves())
	var t ensemble.Tree
	for i := first; i < end; i++ {
		if len(e.Trees[i].Leaves) > maxLeaves {
			return nil, fmt.Errorf("tree %d has %d leaves: at most %d are supported", i, len(e.Trees[i].Leaves), maxLeaves)
		}
		e.convert(&t, &e.Trees[i], columns)
		t.Group = i - first
		if sums {
			t.Group = e.Weights[e.Trees[i].Leaves[0].First].Target
			for j, l := range e.Trees[i].Leaves {
				t.Leaves[j] = float64(e.Weights[l.First].Value)
			}
		}
		if err := b.Add(&t); err != nil {
			if f, ok := errors.AsType[*ensemble.Fault](err); ok {
				return nil, &Fault{i, f, f.Node >= 0 && (f.Side == "left") != e.Trees[i].Nodes[f.Node].swapped()}
			}
			return nil, err
		}
	}
	return b.Build(), nil
}

// convert makes t of a tree, with the leaves' numbers as their values.
func (e *Ensemble) convert(t *ensemble.Tree, of *Tree, columns *equal) {
	t.Nodes, t.Leaves = t.Nodes[:0], t.Leaves[:0]
	for i := range of.Nodes {
		t.Nodes = append(t.Nodes, of.Nodes[i].convert(columns))
	}
	for i := range of.Leaves {
		t.Leaves = append(t.Leaves, float64(i))
	}
}

// swapped reports whether True is on the right.
func (n *Node) swapped() bool { return n.Mode == GTE || n.Mode == GT || n.Mode == NEQ }

// convert makes a node that goes left where n tests so, or right if n is swapped.
func (n *Node) convert(columns *equal) ensemble.Node {
	t := ensemble.Node{Feature: n.Feature, Threshold: n.Value, Left: n.True, Right: n.False}
	nanTrue := n.MissingTrue
	switch n.Mode {
	case LT, GTE:
		t.Test = ensemble.Below
	case EQ, NEQ, Member:
		t.Feature, t.Threshold = columns.column(n.Feature, n.members()), 0.5
		nanTrue = nanTrue || n.Mode == NEQ // NaN differs from every number
	}
	if n.swapped() {
		t.Left, t.Right = n.False, n.True
	}
	if nanTrue != n.swapped() {
		t.Missing = ensemble.NaNLeft
	}
	return t
}

// walk is an ensemble as a stage.
type walk struct {
	model *ensemble.Model
	from  int
}

func (w *walk) String() string {
	leaves := 0
	for i := range w.model.Trees() {
		n, _ := w.model.TreeSize(i)
		leaves += n
	}
	if w.model.Trees() == 1 {
		return fmt.Sprintf("1 tree with %d leaves", leaves)
	}
	return fmt.Sprintf("%d trees with %d leaves", w.model.Trees(), leaves)
}

func (w *walk) From() []int { return []int{w.from} }
func (w *walk) Width() int  { return w.model.Shape().Outputs }
func (w *walk) Bytes() int  { return w.model.Bytes() }

// Kernel says how the trees are scored.
func (w *walk) Kernel() string { return w.model.Kernel() }

func (w *walk) NewRunner() pipeline.Runner {
	scorer, dim, outputs := w.model.NewScorer(), w.model.Shape().Dim, w.model.Shape().Outputs
	return func(dst []float32, from [][]float32, rows int) error {
		return scorer.Score(from[0][:rows*dim], dim, dst[:rows*outputs])
	}
}
