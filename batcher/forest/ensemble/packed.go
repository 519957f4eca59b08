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
// A node is a word: four times the column in 16 bits, then the place of the left child in 16, then the split in
// 32. The right child comes behind the left one. The root is node 0. A leaf leads to itself: its column has a
// number that is below all splits, and its value is in place of a split. With Double sums that is the place
// of the value in the model.
type packed struct {
	nodes []uint64
	first []uint32 // node of each tree, and behind the last one
	sure  []uint32 // of each tree: steps after which it is worth looking whether all rows are at leaves
}

const (
	nextShift  = 16
	splitShift = 32
	maxPacked  = 1 << 16 // nodes of a tree, and four times as many columns
)

// deepest is the depth of a tree up to which it is packed: the assembly takes some 20 ns for a step.
const deepest = 256

// packs reports whether a tree is packed, for rows that no vector kernel scores with marks. Trees with all
// leaves that their depth allows are not: those of CatBoost take a file of a few bytes for a leaf, and
// loading is to take a small multiple of that.
func (m *Model) packs(t *tree) bool {
	fits := t.nodes < maxPacked && t.depth <= deepest && 4*len(m.columns) < maxPacked
	return fits && m.functionOf == nil && t.leaves > fewLeaves && t.leaves != 1<<t.depth
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
	p := &packed{nodes: make([]uint64, 0, size), first: make([]uint32, 1, r.end-r.first+1), sure: make([]uint32, 0, r.end-r.first)}
	for i := r.first; i < r.end; i++ {
		m.packTree(p, m.at(int(i)))
	}
	return p
}

func (m *Model) packTree(p *packed, t *tree) {
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
	p.first, p.sure = append(p.first, uint32(len(p.nodes))), append(p.sure, uint32(m.sure(t)))
}

func word(column, next, split uint32) uint64 {
	return uint64(4*column) | uint64(next)<<nextShift | uint64(split)<<splitShift
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
	return bytes(p.nodes) + bytes(p.first) + bytes(p.sure)
}

// tree returns the nodes of a tree.
func (p *packed) tree(i int) []uint64 { return p.nodes[p.first[i]:p.first[i+1]] }

// walkPacked takes the first used blocks through the trees of a segment: all of them through a tree, then
// all through the next.
func (s *scorer) walkPacked(sg *segment, used int) {
	p, stride := sg.packed, s.model.stride()
	numbers, leaves := s.numbers[:used*stride], &s.leaves
	switch {
	case s.model.config.Kernel == kernel.Portable:
		for i := range p.sure {
			for b := range used {
				walkTree(p.tree(i), numbers[b*stride:(b+1)*stride], int(p.sure[i]), (*[lanes]uint32)(leaves[:]))
				s.addLeaves(sg.group, b, leaves[:lanes])
			}
		}
	case used == 1 && len(p.sure) >= marks.Together:
		// A tree is in no near cache for a block alone: the processor waits for several trees at once.
		for i := 0; i < len(p.sure); i += marks.Together {
			roots := p.roots(i, marks.Together)
			marks.Forest{Nodes: p.nodes}.WalkTrees(roots, numbers, leaves)
			for j := range roots {
				s.addLeaves(sg.group, 0, leaves[j*lanes:(j+1)*lanes])
			}
		}
	default:
		for i, sure := range p.sure {
			marks.Forest{Nodes: p.nodes}.Walk(p.first[i], p.first[i+1], p.first[min(i+2, len(p.sure))], int(sure), numbers, stride, leaves)
			s.addLeaves(sg.group, 0, leaves[:used*lanes])
		}
	}
}

// walkRowPacked takes a single row through the trees of a segment.
func (s *scorer) walkRowPacked(sg *segment) {
	p := sg.packed
	for i := 0; i < len(p.sure); i += marks.TogetherAlone {
		roots := p.roots(i, marks.TogetherAlone)
		marks.Forest{Nodes: p.nodes}.WalkRow(roots, s.row, &s.leaves)
		for _, leaf := range s.leaves[:len(roots)] {
			if s.single != nil {
				s.single[sg.group][0] += math.Float32frombits(leaf)
			} else {
				s.double[sg.group][0] += s.model.double[leaf]
			}
		}
	}
}

// roots returns the roots of up to count trees from one on.
func (p *packed) roots(first, count int) []uint32 {
	return p.first[first:min(first+count, len(p.sure))]
}

// addLeaves adds the values of a tree's leaves to the sums of some rows, from the first of a block on.
func (s *scorer) addLeaves(group, block int, leaves []uint32) {
	if s.single != nil {
		sums := s.single[group][block*lanes:]
		for row, leaf := range leaves {
			sums[row] += math.Float32frombits(leaf)
		}
		return
	}
	sums, values := s.double[group][block*lanes:], s.model.double
	for row, leaf := range leaves {
		sums[row] += values[leaf]
	}
}

// walkTree finds the leaves of the rows of a block in a tree: what each has in place of a split.
func walkTree(nodes []uint64, numbers [][lanes]int32, sure int, leaves *[lanes]uint32) {
	leaf := uint64(4 * (len(numbers) - 1))
	a, b, c, d, e, f, g, h := nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0], nodes[0]
	for left := sure; ; left = 2 {
		for range left {
			a = follow(nodes, a, numbers[uint16(a)/4][0])
			b = follow(nodes, b, numbers[uint16(b)/4][1])
			c = follow(nodes, c, numbers[uint16(c)/4][2])
			d = follow(nodes, d, numbers[uint16(d)/4][3])
			e = follow(nodes, e, numbers[uint16(e)/4][4])
			f = follow(nodes, f, numbers[uint16(f)/4][5])
			g = follow(nodes, g, numbers[uint16(g)/4][6])
			h = follow(nodes, h, numbers[uint16(h)/4][7])
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
