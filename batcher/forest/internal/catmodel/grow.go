package catmodel

import (
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// grower hands the file's trees to the builder.
type grower struct {
	builder *ensemble.Builder
	columns []column
	outputs int
	about   *modelfile.About

	grown ensemble.Tree // of the last tree: its slices are used again
}

// add adds a tree: once for each output, as the engine's trees have one value a leaf.
func (g *grower) add(t *Tree) error {
	leaves, err := g.check(t)
	if err != nil {
		return err
	}
	g.grown.Nodes = slices.Grow(g.grown.Nodes[:0], leaves-1)
	g.grown.Leaves = slices.Grow(g.grown.Leaves[:0], leaves)
	if t.Symmetric {
		g.levels(t)
	} else {
		g.nested(t)
	}
	for output := range g.outputs {
		g.grown.Group = output
		g.grown.Leaves = g.grown.Leaves[:0]
		for leaf := range leaves {
			g.grown.Leaves = append(g.grown.Leaves, t.Values[leaf*g.outputs+output])
		}
		if err := g.builder.Add(&g.grown); err != nil {
			return err
		}
	}
	g.about.Trees += g.outputs
	g.about.Leaves += leaves * g.outputs
	for _, n := range g.grown.Nodes {
		g.about.Usage[n.Feature].Splits += g.outputs
		g.about.Usage[n.Feature].Missing |= 1 << n.Missing
	}
	return nil
}

// check returns how many leaves a tree has, and checks what the builder does not.
func (g *grower) check(t *Tree) (leaves int, err error) {
	leaves = t.Leaves
	if t.Symmetric {
		if len(t.Splits) > MaxDepth {
			return 0, fmt.Errorf("%d splits: CatBoost's trees have at most %d", len(t.Splits), MaxDepth)
		}
		leaves = 1 << len(t.Splits)
	}
	if want := leaves * g.outputs; len(t.Values) != want {
		return 0, fmt.Errorf("%d leaf values: %d are expected for %d leaves and %d outputs", len(t.Values), want, leaves, g.outputs)
	}
	for i, x := range t.Values {
		if !finite(x) {
			return 0, fmt.Errorf("leaf value %d is %v: such a model has diverged", i, x)
		}
	}
	for _, s := range t.Splits {
		if s.Feature < 0 || int(s.Feature) >= len(g.columns) {
			return 0, fmt.Errorf("a split by feature %d: the model has the features 0 to %d", s.Feature, len(g.columns)-1)
		}
	}
	return leaves, nil
}

// levels grows a symmetric tree. The split of level d decides bit d of the leaf's number.
func (g *grower) levels(t *Tree) {
	for level, s := range t.Splits {
		below := int32(1)<<(level+1) - 1 // nodes before the next level
		for bits := range int32(1) << level {
			n := g.node(s)
			n.Left, n.Right = below+bits, below+bits+1<<level
			if level+1 == len(t.Splits) {
				n.Left, n.Right = ^bits, ^(bits + 1<<level)
			}
			g.grown.Nodes = append(g.grown.Nodes, n)
		}
	}
}

// nested grows a tree of nodes.
func (g *grower) nested(t *Tree) {
	for i, of := range t.Nodes {
		n := g.node(t.Splits[i])
		n.Left, n.Right = of.Left, of.Right
		g.grown.Nodes = append(g.grown.Nodes, n)
	}
}

// node returns a split without children.
func (g *grower) node(s Split) ensemble.Node {
	c := g.columns[s.Feature]
	return ensemble.Node{Feature: c.index, Test: ensemble.UpTo, Missing: c.missing, Threshold: s.Border}
}
