package xgboost

import (
	"errors"
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// grower turns the lists of a file into trees for the engine. It follows the children from node
// 0: what pruning has cut off stays in the lists, and nobody looks at it.
type grower struct {
	budget int // bytes that sets may still take
	leaves int
	usage  []modelfile.Usage

	out   ensemble.Tree
	place []int32 // by node: its place in out, ^place for a leaf
	stack []int32 // nodes to visit
}

const unseen = math.MinInt32 // a node without a place

func newGrower(dim, budget int) *grower {
	return &grower{budget: budget, usage: make([]modelfile.Usage, dim)}
}

// grow returns a tree, which is valid until the next call. Of a dart model, drop is the weight of
// the tree, by which the values of leaves are multiplied; otherwise it is nil.
func (g *grower) grow(t *tree, drop *float32) (*ensemble.Tree, error) {
	g.out.Nodes, g.out.Leaves = g.out.Nodes[:0], g.out.Leaves[:0]
	g.out.NodeNumbers, g.out.LeafNumbers = g.out.NodeNumbers[:0], g.out.LeafNumbers[:0]
	g.place = g.place[:0]
	for range t.left {
		g.place = append(g.place, unseen)
	}
	if err := g.findPlace(t, 0); err != nil {
		return nil, err
	}
	g.stack = append(g.stack[:0], 0)
	for len(g.stack) > 0 {
		node := g.stack[len(g.stack)-1]
		g.stack = g.stack[:len(g.stack)-1]
		if err := g.visit(t, node, drop); err != nil {
			return nil, inNode(node, "%w", err)
		}
	}
	g.leaves += len(g.out.Leaves)
	return &g.out, nil
}

// findPlace gives a node its place among the nodes or the leaves.
func (g *grower) findPlace(t *tree, node int32) error {
	switch {
	case node == 0 && g.place[0] != unseen:
		return errors.New("node 0 is the root, which has no parent")
	case g.place[node] != unseen:
		return fmt.Errorf("node %d has two parents", node)
	}
	if t.left[node] == -1 {
		g.place[node] = ^int32(len(g.out.Leaves))
		g.out.Leaves = append(g.out.Leaves, 0)
		g.out.LeafNumbers = append(g.out.LeafNumbers, node)
		return nil
	}
	g.place[node] = int32(len(g.out.Nodes))
	g.out.Nodes = append(g.out.Nodes, ensemble.Node{})
	g.out.NodeNumbers = append(g.out.NodeNumbers, node)
	return nil
}

// visit fills in a node that has its place, and gives its children theirs.
func (g *grower) visit(t *tree, node int32, drop *float32) error {
	if t.left[node] == -1 {
		return g.leaf(t, node, drop)
	}
	for _, child := range []struct {
		list string
		node int32
	}{{"left_children", t.left[node]}, {"right_children", t.right[node]}} {
		if child.node < 0 || int(child.node) >= len(t.left) {
			return fmt.Errorf("%s is %d: a node has two children among the nodes 0 to %d, or -1 twice", child.list, child.node, len(t.left)-1)
		}
		if err := g.findPlace(t, child.node); err != nil {
			return fmt.Errorf("%s is %d: %w", child.list, child.node, err)
		}
	}
	g.stack = append(g.stack, t.right[node], t.left[node])
	n, err := g.split(t, node)
	g.out.Nodes[g.place[node]] = n
	return err
}

func (g *grower) leaf(t *tree, node int32, drop *float32) error {
	if t.right[node] != -1 {
		return fmt.Errorf("left_children is -1, but right_children is %d: a node has two children, or -1 twice", t.right[node])
	}
	value := t.condition[node]
	if drop != nil {
		fromZero := 0 + value             // the library scores each tree of dart from 0 on, which turns -0 into 0
		value = float32(fromZero * *drop) // rounded, and not fused with the subtraction below
	}
	if value-value != 0 {
		return fmt.Errorf("split_conditions, the value of a leaf here, is %v", value)
	}
	g.out.Leaves[^g.place[node]] = float64(value)
	return nil
}

// split makes the split of a node whose children have their places.
func (g *grower) split(t *tree, node int32) (ensemble.Node, error) {
	n := ensemble.Node{
		Feature: int(t.feature[node]),
		Test:    ensemble.Below,
		Missing: ensemble.NaNRight,
		Left:    g.place[t.left[node]],
		Right:   g.place[t.right[node]],
	}
	if n.Feature < 0 || n.Feature >= len(g.usage) {
		return n, fmt.Errorf("split_indices is %d, but num_feature is %d", n.Feature, len(g.usage))
	}
	if t.defaultLeft[node] {
		n.Missing = ensemble.NaNLeft
	}
	use := &g.usage[n.Feature]
	use.Splits++
	use.Missing |= 1 << n.Missing
	if len(t.gain) > 0 {
		use.Gain += float64(t.gain[node])
	}
	if t.isCategorical(node) {
		use.Categorical++
		n.Test = ensemble.NotIn
		var err error
		n.Set, err = g.set(t, node)
		return n, err
	}
	n.Threshold = t.condition[node]
	if n.Threshold != n.Threshold {
		return n, errors.New("split_conditions is NaN")
	}
	return n, nil
}

// set returns the categories of a node as bits.
func (g *grower) set(t *tree, node int32) ([]uint32, error) {
	categories, ok := t.set(node)
	if !ok {
		return nil, errors.New("split_type is 1 (categorical), but categories_nodes does not list the node")
	}
	words := 0
	for _, c := range categories {
		words = max(words, int(c)/32+1)
	}
	if g.budget -= 4 * words; g.budget < 0 {
		return nil, fmt.Errorf("the sets of categories up to here, the largest with category %d, are too large for a file of this size", words*32-1)
	}
	set := make([]uint32, words)
	for _, c := range categories {
		set[c/32] |= 1 << (c % 32)
	}
	return set, nil
}
