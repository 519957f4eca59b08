package kernel

import (
	"cmp"
	"slices"
	"unsafe"
)

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
	program *Program[F]

	// Of the part that is compiled. What is kept of it is copied.
	trees   []place
	values  []F
	units   []unit
	entries []entry

	// Scratch of Add.
	leaves  []int // below each node
	first   []int // the mark of the lowest leaf below each node
	ofBytes [MaxLeaves / 8][]entry
}

// unit is what clears one byte of the marks of a tree.
type unit struct {
	to             uint32 // where the marks of 64 rows go
	entries, count int
}

// entry clears, in the rows whose byte in a column is at least split, the marks that are 0 in leaves.
type entry struct{ column, split, leaves uint32 }

// quad returns four times the same byte.
func quad(b byte) uint32 { return uint32(b) * 0x01010101 }

// Add adds the next tree. Node 0 is the root; without nodes the tree is leaf 0.
func (b *Builder[F]) Add(nodes []Node, values []F) {
	bytes := (len(values) + 7) / 8
	if len(values) == 0 || len(values) > MaxLeaves || len(nodes) != len(values)-1 {
		panic("kernel: a tree without leaves, or with too many")
	}
	if b.program == nil {
		b.program = &Program[F]{}
	}
	if len(b.units)+bytes > maxUnits {
		b.flush()
	}
	b.trees = append(b.trees, b.next())
	b.place(nodes, values)
	for i := range nodes {
		b.clear(i, &nodes[i])
	}
	for i := range b.ofBytes[:bytes] {
		of := &b.ofBytes[i]
		if len(*of) == 0 {
			*of = append(*of, entry{leaves: quad(0xff)}) // a unit has at least one entry: this one clears nothing
		}
		b.units = append(b.units, unit{uint32(len(b.units) * Rows), len(b.entries), len(*of)})
		b.entries = append(b.entries, *of...)
		*of = (*of)[:0]
	}
}

// next returns where the next tree's marks and values are.
func (b *Builder[F]) next() place {
	return place{uint32(len(b.units) * Rows), uint32(len(b.values) * int(unsafe.Sizeof(F(0))))}
}

// place gives each leaf its mark. The child with fewer leaves below it comes first: its marks are
// those that the node clears, and they are in fewer bytes.
func (b *Builder[F]) place(nodes []Node, values []F) {
	b.leaves = slices.Grow(b.leaves[:0], len(nodes))[:len(nodes)]
	b.first = slices.Grow(b.first[:0], len(nodes))[:len(nodes)]
	for i := len(nodes) - 1; i >= 0; i-- {
		b.leaves[i] = b.below(nodes[i].Left) + b.below(nodes[i].Right)
	}
	at := len(b.values)
	b.values = append(b.values, values...)
	for i := range nodes {
		if i == 0 {
			b.first[0] = 0
		}
		before, after := nodes[i].Left, nodes[i].Right
		if b.swapped(&nodes[i]) {
			before, after = after, before
		}
		b.put(before, b.first[i], b.values[at:], values)
		b.put(after, b.first[i]+b.below(before), b.values[at:], values)
	}
}

// put gives a child its marks, from the first one on.
func (b *Builder[F]) put(child int32, first int, to, values []F) {
	if child < 0 {
		to[first] = values[^child]
		return
	}
	b.first[child] = first
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

// clear adds entries for what a node clears: the leaves of its first child, in the rows that go to
// the second.
func (b *Builder[F]) clear(i int, n *Node) {
	b.program.column = max(b.program.column, n.Column)
	e := entry{column: uint32(n.Column * len(Column{})), split: quad((n.Rank + 1) ^ bias)}
	count := b.below(n.Left)
	if b.swapped(n) {
		e.column += Rows
		e.split = quad(^(n.Rank ^ bias))
		count = b.below(n.Right)
	}
	first := b.first[i]
	end := first + count
	for at := first / 8; at*8 < end; at++ {
		from, to := max(first-8*at, 0), min(end-8*at, 8)
		e.leaves = quad(^byte(1<<to - 1<<from))
		b.ofBytes[at] = append(b.ofBytes[at], e)
	}
}

// flush ends a part, and writes its units: run after run of units with as many entries.
func (b *Builder[F]) flush() {
	slices.SortStableFunc(b.units, func(x, y unit) int { return cmp.Compare(y.count, x.count) })
	runs := 0
	for i := range b.units {
		if i == 0 || b.units[i].count != b.units[i-1].count {
			runs++
		}
	}
	words := make([]uint32, 0, 2*runs+len(b.units)+3*len(b.entries)+2)
	for first := 0; first < len(b.units); {
		count, end := b.units[first].count, first
		for end < len(b.units) && b.units[end].count == count {
			end++
		}
		words = append(words, uint32(count), uint32(end-first))
		for _, u := range b.units[first:end] {
			words = append(words, u.to)
			for _, e := range b.entries[u.entries:][:count] {
				words = append(words, e.column, e.split, e.leaves)
			}
		}
		first = end
	}
	words = append(words, 0, 0)
	b.trees = append(b.trees, b.next())
	b.program.parts = append(b.program.parts, part[F]{words, slices.Clone(b.trees), slices.Clone(b.values)})
	b.trees, b.values, b.units, b.entries = b.trees[:0], b.values[:0], b.units[:0], b.entries[:0]
}

// Program returns the program of the trees since the last one.
func (b *Builder[F]) Program() *Program[F] {
	p := b.program
	b.flush()
	b.program = nil
	return p
}
