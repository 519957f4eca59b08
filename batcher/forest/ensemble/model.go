package ensemble

import (
	"reflect"

	"github.com/disrust/disrust/batcher"
)

// Model is a compiled ensemble. It implements [batcher.Model].
//
// The nodes of all trees lie in one slice, the deepest tree first, those of a tree together, level
// after level. A leaf
// is a node that leads to itself, so that rows which reach their leaves after different
// numbers of steps can take the same number.
type Model struct {
	config Config
	shape  batcher.Shape

	nodes   []node
	trees   []tree
	order   []uint32 // of the trees, the deepest first
	columns []column
	words   []uint32 // of the sets

	// Of each node that is a leaf; one of the two is nil.
	double []float64
	single []float32

	functionOf []uint32 // of each node: 0, or 1 more than the number of its function; nil: no leaf is linear
	functions  []function
	terms      []Term
}

// node is one split or leaf. A row with number k in the column is next at next if k <= split,
// and at next+1 if not.
type node struct {
	split  int32
	column uint32
	next   uint32
}

type tree struct {
	root  uint32
	nodes uint32 // and leaves
	depth uint32 // steps to the farthest leaf
	group uint32
}

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
	return int(t.nodes+1) / 2, int(t.depth)
}

// Bytes returns the size of the model in memory. Each scorer adds its own.
func (m *Model) Bytes() int {
	return bytes(m.nodes) + bytes(m.trees) + bytes(m.order) + bytes(m.columns) + bytes(m.words) + bytes(m.double) +
		bytes(m.single) + bytes(m.functionOf) + bytes(m.functions) + bytes(m.terms)
}

func bytes[E any](s []E) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
