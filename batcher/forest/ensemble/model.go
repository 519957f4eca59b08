package ensemble

import (
	"reflect"

	"github.com/disrust/disrust/batcher"
)

// Model is a compiled ensemble. It implements [batcher.Model].
//
// The nodes of all trees lie in one slice, group after group and tree after tree, those of a tree
// level after level and the two children of a node side by side. A root is not among them: each
// leaf of the tree before it is that root as well, so a row that has reached a leaf is on its way
// through the next tree, and no step waits for rows or trees that take longer. The leaves of a
// group's last tree lead to the last node, which leads to itself.
type Model struct {
	config Config
	shape  batcher.Shape

	nodes   []node
	trees   []tree   // as they were added
	order   []uint32 // of the trees: group after group
	groups  []run    // of the order, one for each group
	parts   []run    // of the order: where a single row can begin
	columns []column
	plain   int      // of the columns: no categorical splits, which come first
	alike   []span   // of the other columns: those that see a feature alike
	sets    []set    // of each column
	words   []uint32 // of the sets

	// Of each node: the value of a leaf, and -0, which changes no sum, of others. One is nil.
	double []float64
	single []float32

	segments []segment // of the order, all trees of it
	vectors  *vectors  // nil: many rows are walked, as few are
	walked   bool      // some segments do not fit the vector kernel
	packed   bool      // some segments are
	together bool      // a single row can walk through many trees at once, as all are packed
	plan     plan

	functionOf []uint32 // of each node: 0, or 1 more than the number of its function; nil: no leaf is linear
	functions  []function
	terms      []Term
}

// node is a split, which a row with number k in the column leaves for next if k <= split, and for
// next+1 if not. A leaf is the split at the next tree's root.
type node struct {
	split  int32
	column uint32
	next   uint32
	slot   uint32 // of a leaf: 1 more than its tree's place in the order; else 0
}

type tree struct {
	root   node
	nodes  uint32 // without the root, from root.next on
	leaves uint32
	depth  uint32 // steps to the farthest leaf
	group  uint16

	oblivious bool // and scored as such by a vector kernel: see findOblivious
}

// run is some trees of a group that follow one another: order[first:end]. Their nodes lie below stop.
type run struct{ first, end, stop uint32 }

// function is a [Linear] leaf.
type function struct {
	constant   float64
	first, end int // of its terms
}

// Shape implements [batcher.Model].
func (m *Model) Shape() batcher.Shape { return m.shape }

// Trees returns how many trees the model has.
func (m *Model) Trees() int { return len(m.trees) }

// TreeSize returns how many leaves a tree has that a row can reach, and how many nodes lie
// before the farthest.
func (m *Model) TreeSize(tree int) (leaves, depth int) {
	t := &m.trees[tree]
	return int(t.leaves), int(t.depth)
}

// Bytes returns the size of the model in memory. Each scorer adds its own.
func (m *Model) Bytes() int {
	return bytes(m.nodes) + bytes(m.trees) + bytes(m.order) + bytes(m.groups) + bytes(m.parts) + bytes(m.columns) +
		bytes(m.alike) + bytes(m.sets) + bytes(m.words) + bytes(m.double) + bytes(m.single) + bytes(m.functionOf) + bytes(m.functions) + bytes(m.terms) +
		bytes(m.segments) + m.vectorBytes()
}

func (m *Model) vectorBytes() int {
	size := m.vectors.bytes()
	for i := range m.segments {
		size += m.segments[i].bytes()
	}
	return size
}

func bytes[E any](s []E) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
