package marks

import "slices"

// MaxLeaves is how many leaves a tree can have, so that the number of each fits into a byte.
const MaxLeaves = 256

// Node sends a row left if its rank in a column is at most Rank.
type Node struct {
	Column int
	Rank   uint8

	// Left and Right are nodes that come later, or ^leaf for a leaf.
	Left, Right int32
}

// Builder compiles programs, one after the other.
type Builder[F float32 | float64] struct {
	wide, narrow cutter
	values       []F // of all trees
	column       int // the last one

	// Scratch of Add.
	leaves []int // below each node
	first  []int // the mark of the lowest leaf below each node
}

// Add adds the next tree. Node 0 is the root; without nodes the tree is leaf 0.
func (b *Builder[F]) Add(nodes []Node, values []F) {
	if len(values) == 0 || len(values) > MaxLeaves || len(nodes) != len(values)-1 {
		panic("marks: a tree without leaves, or with too many")
	}
	b.wide.layout, b.narrow.layout = wide, narrow
	at := len(b.values)
	b.wide.begin(len(values), at)
	b.narrow.begin(len(values), at)
	b.values = append(b.values, values...)
	b.place(nodes, values, b.values[at:])
	for i := range nodes {
		b.clear(i, &nodes[i])
	}
	b.wide.end()
	b.narrow.end()
}

// place gives each leaf its mark, and orders the values alike. The child with fewer leaves below it
// comes first: its marks are those that the node clears, and they are in fewer units.
func (b *Builder[F]) place(nodes []Node, values, ordered []F) {
	b.leaves = slices.Grow(b.leaves[:0], len(nodes))[:len(nodes)]
	b.first = slices.Grow(b.first[:0], len(nodes))[:len(nodes)]
	for i := len(nodes) - 1; i >= 0; i-- {
		b.leaves[i] = b.below(nodes[i].Left) + b.below(nodes[i].Right)
	}
	put := func(child int32, first int) {
		if child < 0 {
			ordered[first] = values[^child]
		} else {
			b.first[child] = first
		}
	}
	if len(nodes) > 0 {
		b.first[0] = 0
	}
	for i := range nodes {
		before, after := nodes[i].Left, nodes[i].Right
		if b.swapped(&nodes[i]) {
			before, after = after, before
		}
		put(before, b.first[i])
		put(after, b.first[i]+b.below(before))
	}
}

// below returns how many leaves are below a child.
func (b *Builder[F]) below(child int32) int {
	if child < 0 {
		return 1
	}
	return b.leaves[child]
}

// swapped reports whether the right child comes first.
func (b *Builder[F]) swapped(n *Node) bool { return b.below(n.Right) < b.below(n.Left) }

// clear adds what a node clears: the leaves of its first child, in the rows that go to the second.
func (b *Builder[F]) clear(i int, n *Node) {
	b.column = max(b.column, n.Column)
	column, split, child := n.Column*columnBytes, (n.Rank+1)^bias, n.Left
	if b.swapped(n) { // the complements are below the complement of the rank iff the rank is not below
		column, split, child = column+Rows, ^(n.Rank ^ bias), n.Right
	}
	first, end := b.first[i], b.first[i]+b.below(child)
	b.wide.clear(uint32(column), split, first, end)
	b.narrow.clear(uint32(column), split, first, end)
}

// Program returns the program of the trees since the last one.
func (b *Builder[F]) Program() *Program[F] {
	p := &Program[F]{values: slices.Clone(b.values), column: b.column}
	p.wide, p.narrow = b.wide.parts(), b.narrow.parts()
	b.values, b.column = b.values[:0], 0
	return p
}
