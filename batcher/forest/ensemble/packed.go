package ensemble

import (
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
	"github.com/disrust/disrust/batcher/kernel"
)

// packed is the trees of a segment for rows that walk side by side, if their trees are too large for the
// vector kernels. Each tree lies alone, in half the bytes, so that it stays in the nearest cache while
// many rows pass. Its rows do not go on to the next tree from their leaves, but wait for each other.
//
// A node is a word: the column in 16 bits, then the place of the left child in 16, then the split in 32. The
// right child comes behind the left one. The root is node 0. A leaf leads to itself: its column has a number
// that is below all splits, and its value is in place of a split. With Double sums that is the place of the
// value in the model.
type packed struct {
	nodes []uint64
	trees []packedTree
}

// packedTree is where a tree is in the nodes of a segment.
type packedTree struct {
	first, end uint32
	sure       uint32 // steps after which it is worth looking whether all rows have reached leaves
}

const (
	nextShift  = 16
	splitShift = 32
	maxPacked  = 1 << 16 // nodes of a tree, and columns
)

// deepest is the depth of a tree up to which it is packed: the assembly takes some 20 ns for a step.
const deepest = 256

// packs reports whether a tree is packed, for rows that no vector kernel scores with marks.
func (m *Model) packs(t *tree) bool {
	return m.functionOf == nil && t.leaves > fewLeaves && t.nodes < maxPacked && t.depth <= deepest && len(m.columns) < maxPacked
}

// fewLeaves is how many leaves a tree has that are not worth packing: the walk from tree to tree is as fast
// while the nodes of some trees stay in the nearest cache.
const fewLeaves = 256

// pack returns the packed trees of a segment.
func (m *Model) pack(r run) *packed {
	size := 0
	for i := r.first; i < r.end; i++ {
		size += int(m.at(int(i)).nodes) + 1
	}
	p := &packed{nodes: make([]uint64, 0, size), trees: make([]packedTree, 0, r.end-r.first)}
	for i := r.first; i < r.end; i++ {
		m.packTree(p, m.at(int(i)))
	}
	return p
}

func (m *Model) packTree(p *packed, t *tree) {
	first := uint32(len(p.nodes))
	p.nodes = append(p.nodes, word(t.root.column, 1, uint32(t.root.split)))
	nodes := m.nodesOf(t)
	for i := range nodes {
		n, at, place := &nodes[i], uint32(i+1), t.root.next+uint32(i)
		switch {
		case n.slot == 0:
			p.nodes = append(p.nodes, word(n.column, n.next-t.root.next+1, uint32(n.split)))
		case m.config.Sum == Single:
			p.nodes = append(p.nodes, word(uint32(len(m.columns)), at, math.Float32bits(m.single[place])))
		default:
			p.nodes = append(p.nodes, word(uint32(len(m.columns)), at, place))
		}
	}
	p.trees = append(p.trees, packedTree{first, uint32(len(p.nodes)), uint32(m.sure(t))})
}

func word(column, next, split uint32) uint64 {
	return uint64(column) | uint64(next)<<nextShift | uint64(split)<<splitShift
}

// sure returns the mean depth of the leaves of a tree.
func (m *Model) sure(t *tree) int {
	nodes, depth, all := m.nodesOf(t), 0, 0
	for level := 2; level > 0 && len(nodes) > 0; {
		depth++
		next := 0
		for i := range nodes[:level] {
			if nodes[i].slot == 0 {
				next += 2
			} else {
				all += depth
			}
		}
		nodes, level = nodes[level:], next
	}
	return all / int(t.leaves)
}

func (p *packed) bytes() int {
	if p == nil {
		return 0
	}
	return bytes(p.nodes) + bytes(p.trees)
}

// walkPacked takes the first used blocks through the trees of a segment: all of them through a tree, then
// all through the next.
func (s *scorer) walkPacked(sg *segment, used int) {
	m, p, stride := s.model, sg.packed, s.model.stride()
	gathers := m.config.Kernel != kernel.Portable
	var leaves [(blocks + packedBlocks) * lanes]uint32
	for i := range p.trees {
		t := &p.trees[i]
		nodes := p.nodes[t.first:t.end]
		for first := 0; first < used; {
			count := 1
			if first+packedBlocks <= used {
				count = packedBlocks
			}
			numbers, to := s.numbers[first*stride:(first+count)*stride], (*[marks.WalkRows]uint32)(leaves[first*lanes:])
			if gathers {
				marks.Walk(nodes, numbers, stride, to)
			} else {
				for b := range count {
					t.walk(nodes, numbers[b*stride:(b+1)*stride], (*[lanes]uint32)(to[b*lanes:]))
				}
			}
			first += count
		}
		if s.single != nil {
			sums := &s.single[sg.group]
			for row, leaf := range leaves[:used*lanes] {
				sums[row] += math.Float32frombits(leaf)
			}
		} else {
			sums := &s.double[sg.group]
			for row, leaf := range leaves[:used*lanes] {
				sums[row] += m.double[leaf]
			}
		}
	}
}

// packedBlocks is how many blocks walk at once.
const packedBlocks = marks.WalkRows / lanes

// walk finds the leaves of the rows of a block: what each has in place of a split.
func (t *packedTree) walk(nodes []uint64, numbers [][lanes]int32, leaves *[lanes]uint32) {
	leaf := uint64(len(numbers) - 1)
	a, b, c, d, e, f, g, h := nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0]
	for left := int(t.sure); ; left = 2 {
		for range left {
			a = follow(nodes, a, numbers[uint16(a)][0])
			b = follow(nodes, b, numbers[uint16(b)][1])
			c = follow(nodes, c, numbers[uint16(c)][2])
			d = follow(nodes, d, numbers[uint16(d)][3])
			e = follow(nodes, e, numbers[uint16(e)][4])
			f = follow(nodes, f, numbers[uint16(f)][5])
			g = follow(nodes, g, numbers[uint16(g)][6])
			h = follow(nodes, h, numbers[uint16(h)][7])
		}
		if ((a^leaf)|(b^leaf)|(c^leaf)|(d^leaf)|(e^leaf)|(f^leaf)|(g^leaf)|(h^leaf))&(maxPacked-1) == 0 {
			break
		}
	}
	for lane, n := range [lanes]uint64{a, b, c, d, e, f, g, h} {
		leaves[lane] = uint32(n >> splitShift)
	}
}

// follow returns the node that a row with number k in its column goes to.
func follow(nodes []uint64, n uint64, k int32) uint64 {
	return nodes[uint32(uint16(n>>nextShift))+right(int32(n>>splitShift), k)]
}
