package catboost

import (
	"fmt"

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
func (g *grower) add(t *tree) error {
	leaves, err := g.check(t)
	if err != nil {
		return err
	}
	g.grown.Nodes = g.grown.Nodes[:0]
	if t.symmetric {
		g.levels(t)
	} else {
		g.nested(t)
	}
	for output := range g.outputs {
		g.grown.Group = output
		g.grown.Leaves = g.grown.Leaves[:0]
		for leaf := range leaves {
			g.grown.Leaves = append(g.grown.Leaves, t.values[leaf*g.outputs+output])
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
func (g *grower) check(t *tree) (leaves int, err error) {
	leaves = len(t.widths)
	if t.symmetric {
		if len(t.splits) > maxDepth {
			return 0, fmt.Errorf("splits has %d elements: CatBoost's trees have at most %d", len(t.splits), maxDepth)
		}
		leaves = 1 << len(t.splits)
		if want := leaves * g.outputs; len(t.values) != want {
			return 0, fmt.Errorf("leaf_values has %d elements: %d are expected for %d splits and %d outputs", len(t.values), want, len(t.splits), g.outputs)
		}
	}
	for i, width := range t.widths {
		if int(width) != g.outputs {
			return 0, fmt.Errorf("leaf %d has %d values, but the model has %d outputs", i, width, g.outputs)
		}
	}
	for i, x := range t.values {
		if !finite(x) {
			return 0, fmt.Errorf("value %d is %v: such a model has diverged", i, x)
		}
	}
	for _, s := range t.splits {
		if s.feature < 0 || int(s.feature) >= len(g.columns) {
			return 0, fmt.Errorf("float_feature_index %d: the model has the features 0 to %d", s.feature, len(g.columns)-1)
		}
	}
	return leaves, nil
}

// levels grows a symmetric tree. The split of level d decides bit d of the leaf's number.
func (g *grower) levels(t *tree) {
	for level, s := range t.splits {
		below := int32(1)<<(level+1) - 1 // nodes before the next level
		for bits := range int32(1) << level {
			n := g.node(s)
			n.Left, n.Right = below+bits, below+bits+1<<level
			if level+1 == len(t.splits) {
				n.Left, n.Right = ^bits, ^(bits + 1<<level)
			}
			g.grown.Nodes = append(g.grown.Nodes, n)
		}
	}
}

// nested grows a tree of nested objects, whose root was read last.
func (g *grower) nested(t *tree) {
	last := int32(len(t.nodes) - 1)
	turned := func(child int32) int32 {
		if child < 0 {
			return child
		}
		return last - child
	}
	for i := last; i >= 0; i-- {
		n := g.node(t.splits[i])
		n.Left, n.Right = turned(t.nodes[i].left), turned(t.nodes[i].right)
		g.grown.Nodes = append(g.grown.Nodes, n)
	}
}

// node returns a split without children.
func (g *grower) node(s split) ensemble.Node {
	c := g.columns[s.feature]
	return ensemble.Node{Feature: c.index, Test: ensemble.UpTo, Missing: c.missing, Threshold: s.border}
}
