package ensemble

import (
	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
	"github.com/disrust/disrust/batcher/kernel"
)

// segment is some trees of a group, one after the other in the order, that are scored alike. The
// leaves of the last lead to the end.
type segment struct {
	run
	group  int
	double program[float64] // one of the two, if a vector kernel scores the trees
	single program[float32]

	packed *packed // nil: the rows walk from tree to tree

	// The same, if it scores a single row too.
	doubleRow rowProgram[float64]
	singleRow rowProgram[float32]
}

// program scores the trees of a segment for the rows of some tiles.
type program[F float32 | float64] interface {
	Add([]*marks.Tile, []F)
	Bytes() int
}

// rowProgram scores the trees of a segment for a single row.
type rowProgram[F float32 | float64] interface {
	AddRow(*marks.Row, *F)
}

// segmentFrom returns the segment that begins at a place in the order.
func (m *Model) segmentFrom(first int) segment {
	t, end := m.at(first), first+1
	for end < len(m.order) && m.at(end).group == t.group && m.packs(t) == m.packs(m.at(end)) && (m.vectors == nil || m.alikeKernel(t, m.at(end))) {
		end++
	}
	return segment{run: m.run(first, end), group: int(t.group)}
}

// alikeKernel reports whether the same kernel scores two trees.
func (m *Model) alikeKernel(t, u *tree) bool {
	return m.fits(t) == m.fits(u) && t.oblivious == u.oblivious && m.packs(t) == m.packs(u)
}

// compile makes the programs of the segments that fit.
func (m *Model) compile() {
	m.together = m.config.Kernel != kernel.Portable
	for i := range m.segments {
		if s := &m.segments[i]; m.packs(m.at(int(s.first))) {
			s.packed, m.packed = m.pack(s.run), true
		} else {
			m.together = false
		}
	}
	if m.vectors == nil {
		return
	}
	single, double := compiler[float32]{model: m, values: m.single}, compiler[float64]{model: m, values: m.double}
	fans := m.config.Kernel >= kernel.AVX512 || m.twin()
	single.marked.Fans, double.marked.Fans = fans, fans
	for i := range m.segments {
		s := &m.segments[i]
		switch {
		case !m.fits(m.at(int(s.first))):
			m.walked = true
		case m.config.Sum == Single:
			s.single, s.singleRow = single.program(s.run)
		default:
			s.double, s.doubleRow = double.program(s.run)
		}
	}
	m.vectors.splits, m.vectors.first = nil, nil
}

// compiler makes programs of the trees of a model.
type compiler[F float32 | float64] struct {
	model     *Model
	values    []F
	marked    marks.Builder[F]
	oblivious marks.ObliviousBuilder[F]

	// Scratch.
	levels  []marks.Level
	splits  []*node
	numbers []int32 // of the places of a tree: which of splits, or ^leaf
	nodes   []marks.Node
	leaves  []F
}

// program returns the program of some trees, and the one for a single row, if there is any.
func (c *compiler[F]) program(r run) (program[F], rowProgram[F]) {
	if c.model.at(int(r.first)).oblivious {
		p := c.obliviousProgram(r)
		return p, p
	}
	for i := r.first; i < r.end; i++ {
		c.addMarked(c.model.at(int(i)))
	}
	p := c.marked.Program()
	return p, p
}

// addMarked adds a tree to those of a program with marks.
func (c *compiler[F]) addMarked(t *tree) {
	values := c.values[t.root.next:]
	if t.depth == 0 {
		c.marked.Add(nil, values[:1])
		return
	}
	c.splits, c.numbers, c.nodes, c.leaves = append(c.splits[:0], &t.root), c.numbers[:0], c.nodes[:0], c.leaves[:0]
	nodes := c.model.nodesOf(t)
	for at := range nodes {
		if nodes[at].slot == 0 {
			c.numbers = append(c.numbers, int32(len(c.splits)))
			c.splits = append(c.splits, &nodes[at])
		} else {
			c.numbers = append(c.numbers, ^int32(len(c.leaves)))
			c.leaves = append(c.leaves, values[at])
		}
	}
	for _, n := range c.splits {
		column, rank := c.model.vectors.look(n)
		children := c.numbers[n.next-t.root.next:]
		c.nodes = append(c.nodes, marks.Node{Column: column, Rank: rank, Left: children[0], Right: children[1]})
	}
	c.marked.Add(c.nodes, c.leaves)
}

func (s *segment) bytes() int {
	switch {
	case s.single != nil:
		return s.single.Bytes()
	case s.double != nil:
		return s.double.Bytes()
	}
	return s.packed.bytes()
}
