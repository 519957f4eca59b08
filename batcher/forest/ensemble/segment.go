package ensemble

import "github.com/disrust/disrust/batcher/forest/ensemble/internal/kernel"

// segment is some trees of a group, one after the other in the order, that are scored alike. The
// leaves of the last lead to the end.
type segment struct {
	run
	group  int
	double *kernel.Program[float64] // one of the two, if a vector kernel scores the trees
	single *kernel.Program[float32]
}

// segmentFrom returns the segment that begins at a place in the order.
func (m *Model) segmentFrom(first int) segment {
	t, end := m.at(first), first+1
	for end < len(m.order) && m.at(end).group == t.group && (m.vectors == nil || m.fits(m.at(end)) == m.fits(t)) {
		end++
	}
	return segment{run: m.run(first, end), group: int(t.group)}
}

// compile makes the programs of the segments that fit.
func (m *Model) compile() {
	if m.vectors == nil {
		return
	}
	for i := range m.segments {
		s := &m.segments[i]
		switch {
		case !m.fits(m.at(int(s.first))):
			m.walked = true
		case m.config.Sum == Single:
			s.single = program(m, s.run, m.single)
		default:
			s.double = program(m, s.run, m.double)
		}
	}
	m.vectors.splits, m.vectors.first = nil, nil
}

func program[F float32 | float64](m *Model, r run, values []F) *kernel.Program[F] {
	var b kernel.Builder[F]
	var nodes []kernel.Node
	var leaves []F
	var numbers []int32 // of the nodes, or ^leaf
	for i := r.first; i < r.end; i++ {
		t := m.at(int(i))
		nodes, leaves, numbers = nodes[:0], leaves[:0], numbers[:0]
		if t.depth == 0 {
			b.Add(nil, values[t.root.next:][:1])
			continue
		}
		splits := []*node{&t.root}
		for at := range m.nodesOf(t) {
			if n := &m.nodesOf(t)[at]; n.slot == 0 {
				numbers = append(numbers, int32(len(splits)))
				splits = append(splits, n)
			} else {
				numbers = append(numbers, ^int32(len(leaves)))
				leaves = append(leaves, values[int(t.root.next)+at])
			}
		}
		for _, n := range splits {
			column, rank := m.vectors.look(n)
			children := numbers[n.next-t.root.next:]
			nodes = append(nodes, kernel.Node{Column: column, Rank: rank, Left: children[0], Right: children[1]})
		}
		b.Add(nodes, leaves)
	}
	return b.Program()
}

func (s *segment) bytes() int {
	switch {
	case s.single != nil:
		return s.single.Bytes()
	case s.double != nil:
		return s.double.Bytes()
	}
	return 0
}
