package ensemble

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// Builder checks trees and compiles them.
type Builder struct {
	model   *Model
	columns columns
	record  *Record

	// Scratch of Add.
	queue  []int32 // children in the order of their places, as in Node.Left
	nodes  []bool  // nodes of the tree that have a place
	leaves []bool  // likewise
}

// NewBuilder returns a builder without trees. It fails if a server cannot serve a model of
// this shape.
func NewBuilder(c Config) (*Builder, error) {
	if c.Dim < 1 {
		return nil, fmt.Errorf("a model of %d features: 1 to %d is allowed", c.Dim, wire.MaxDim)
	}
	shape := c.shape()
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if c.Groups < 1 || c.Groups > wire.MaxOutputs {
		return nil, fmt.Errorf("a model with %d sums per row: 1 to %d is allowed", c.Groups, wire.MaxOutputs)
	}
	if c.Base != nil && len(c.Base) != c.Groups {
		panic("ensemble: Base must have one value for each group")
	}
	if c.Bias != nil && len(c.Bias) != c.Groups {
		panic("ensemble: Bias must have one value for each group")
	}
	kind, err := c.Kernel.Resolve()
	if err != nil {
		return nil, err
	}
	c.Base, c.Bias = slices.Clone(c.Base), slices.Clone(c.Bias)
	record := c.Record
	record.start(c)
	c.Record, c.Kernel = nil, kind
	m := &Model{config: c, shape: shape}
	return &Builder{model: m, columns: columns{snap: c.SnapZero}, record: record}, nil
}

func (c *Config) shape() batcher.Shape {
	s := batcher.Shape{Dim: c.Dim, Outputs: c.Groups, Kind: c.Output}
	switch c.Output {
	case wire.Prob:
		s.Outputs = c.Transform.Outputs(c.Groups)
	case wire.Class:
		s.Outputs = 1
	}
	return s
}

// Reserve makes room for trees with so many leaves together. A loader that knows the number
// spares the builder from moving what it has, time and again.
func (b *Builder) Reserve(leaves int) {
	m := b.model
	m.nodes = slices.Grow(m.nodes, 2*leaves+1)
	if m.config.Sum == Single {
		m.single = slices.Grow(m.single, 2*leaves+1)
	} else {
		m.double = slices.Grow(m.double, 2*leaves+1)
	}
}

// Add adds the next tree. It refuses a tree that is wrong with a *[Fault], and a model of more
// than 1<<31 nodes; after that the builder must not be used.
func (b *Builder) Add(t *Tree) error {
	m := b.model
	if t.Group < 0 || t.Group >= m.config.Groups {
		panic("ensemble: a tree of a group that the model does not have")
	}
	if len(m.nodes)+2*len(t.Nodes)+3 > math.MaxInt32 {
		return errors.New("the model has more than 2147483647 nodes and leaves")
	}
	first := len(m.nodes)
	root, depth, err := b.lay(t)
	if err != nil {
		return err
	}
	nodes, leaves := len(m.nodes)-first, 1
	if depth > 0 {
		leaves = nodes/2 + 1
	}
	m.trees = append(m.trees, tree{root, uint32(nodes), uint32(leaves), uint32(depth), uint32(t.Group), false})
	b.record.add(t)
	return b.leafValues(t, first)
}

// none is in the queue where there is neither a node nor a leaf.
const none = math.MinInt32

// lay gives each node and leaf that the root reaches a place, level after level, and the two
// children of a node neighbouring places. It returns the root, which has none, and the depth of
// the tree.
func (b *Builder) lay(t *Tree) (root node, depth int, err error) {
	b.nodes = cleared(b.nodes, len(t.Nodes))
	b.leaves = cleared(b.leaves, len(t.Leaves))
	b.queue = b.queue[:0]
	if len(t.Nodes) > 0 {
		err = b.place(t, -1, "", 0)
	} else if err = b.place(t, -1, "", ^0); err == nil {
		b.queue = append(b.queue[:0], none, ^0, none) // a root whose left child is the leaf
	}
	if err != nil {
		return node{}, 0, err
	}
	first := len(b.model.nodes)
	for done := 0; done < len(b.queue); depth++ {
		for level := len(b.queue); done < level; done++ {
			n, err := b.compile(t, b.queue[done], first, first+len(b.queue)-1)
			if err != nil {
				return node{}, 0, err
			}
			if done == 0 {
				root = n
			} else {
				b.model.nodes = append(b.model.nodes, n)
			}
		}
	}
	return root, depth - 1, b.unreached(t)
}

// compile returns the node of a tree whose places begin at first. Its children get places from
// next on. A leaf becomes a node once the model is built.
func (b *Builder) compile(t *Tree, at int32, first, next int) (node, error) {
	if at == none {
		return always(uint32(first)), nil
	}
	if at < 0 {
		return node{slot: 1}, nil
	}
	n := &t.Nodes[at]
	if n.Feature < 0 || n.Feature >= b.model.config.Dim {
		return node{}, &Fault{Node: int(at), Leaf: -1, Why: fmt.Sprintf("feature %d, of %d", n.Feature, b.model.config.Dim)}
	}
	if n.Threshold != n.Threshold {
		return node{}, &Fault{Node: int(at), Leaf: -1, Why: "the threshold is NaN"}
	}
	if err := b.place(t, int(at), "left", n.Left); err != nil {
		return node{}, err
	}
	if err := b.place(t, int(at), "right", n.Right); err != nil {
		return node{}, err
	}
	return node{split: n.split(), column: b.columns.of(n), next: uint32(next)}, nil
}

// place puts a child, which must be there and have no other parent, at the end of the queue.
func (b *Builder) place(t *Tree, parent int, side string, child int32) error {
	kind, at, placed := "node", int(child), b.nodes
	if child < 0 {
		kind, at, placed = "leaf", int(^child), b.leaves
	}
	switch {
	case at >= len(placed):
		return fault(parent, side, "there is no %s %d: the tree has %d nodes and %d leaves", kind, at, len(t.Nodes), len(t.Leaves))
	case placed[at] && child == 0:
		return fault(parent, side, "node 0 is the root and cannot be a child")
	case placed[at]:
		return fault(parent, side, "%s %d has two parents", kind, at)
	}
	placed[at] = true
	b.queue = append(b.queue, child)
	return nil
}

// unreached refuses nodes and leaves without a place, unless t is pruned.
func (b *Builder) unreached(t *Tree) error {
	if t.Pruned {
		return nil
	}
	if i := slices.Index(b.nodes, false); i >= 0 {
		return fault(i, "", "the root does not lead to node %d", i)
	}
	if i := slices.Index(b.leaves, false); i >= 0 {
		return &Fault{Node: -1, Leaf: i, Why: fmt.Sprintf("the root does not lead to leaf %d", i)}
	}
	return nil
}

func fault(node int, side, format string, args ...any) error {
	return &Fault{Node: node, Leaf: -1, Side: side, Why: fmt.Sprintf(format, args...)}
}

// leafValues stores the values of the tree whose places begin at first.
func (b *Builder) leafValues(t *Tree, first int) error {
	for i, at := range b.queue[1:] {
		if at >= 0 || at == none {
			b.model.addValue(math.Copysign(0, -1))
			continue
		}
		b.model.addValue(t.Leaves[^at])
		if t.Linear != nil {
			if err := b.linear(int(^at), &t.Linear[^at], first+i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Model) addValue(v float64) {
	if m.config.Sum == Single {
		m.single = append(m.single, float32(v))
	} else {
		m.double = append(m.double, v)
	}
}

// linear stores the function of a leaf.
func (b *Builder) linear(leaf int, l *Linear, place int) error {
	m := b.model
	for _, term := range l.Terms {
		if term.Feature < 0 || term.Feature >= m.config.Dim {
			return &Fault{Node: -1, Leaf: leaf, Why: fmt.Sprintf("feature %d, of %d", term.Feature, m.config.Dim)}
		}
		m.terms = append(m.terms, term)
	}
	m.functions = append(m.functions, function{l.Const, len(m.terms) - len(l.Terms), len(m.terms)})
	b.fillFunctionOf(place)
	m.functionOf = append(m.functionOf, uint32(len(m.functions)))
	return nil
}

// fillFunctionOf gives the nodes before a place no function, if they have none yet.
func (b *Builder) fillFunctionOf(place int) {
	m := b.model
	if m.functionOf == nil {
		m.functionOf = make([]uint32, 0, cap(m.nodes))
	}
	for len(m.functionOf) < place {
		m.functionOf = append(m.functionOf, 0)
	}
}

// Build returns the model. The builder must not be used afterwards.
func (b *Builder) Build() *Model {
	m := b.model
	if len(b.columns.list) == 0 {
		b.columns.of(&Node{}) // nodes that lead all rows to one place look at column 0
	}
	m.setColumns(&b.columns)
	if m.functions != nil {
		b.fillFunctionOf(len(m.nodes) + 1)
	}
	m.chain()
	return m
}

func cleared(s []bool, count int) []bool {
	s = slices.Grow(s[:0], count)[:count]
	clear(s)
	return s
}
