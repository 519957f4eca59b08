package ensemble

import (
	"math"
	"slices"
)

// smallest is the trees of a part at the end of a group, if the model has that many for each lane.
const smallest = 8

// always returns a node that all rows leave for one place.
func always(next uint32) node { return node{split: math.MaxInt32, next: next} }

// chain orders the trees by group and leads the leaves of each to the next of its segment.
func (m *Model) chain() {
	m.order = make([]uint32, len(m.trees))
	for i := range m.order {
		m.order[i] = uint32(i)
	}
	if m.config.Groups > 1 {
		slices.SortStableFunc(m.order, func(a, b uint32) int { return int(m.trees[a].group) - int(m.trees[b].group) })
		m.arrange()
	} else {
		m.nodes, m.double, m.single, m.functionOf = trimmed(m.nodes), trimmed(m.double), trimmed(m.single), trimmed(m.functionOf)
	}
	end := uint32(len(m.nodes))
	m.nodes = append(m.nodes, always(end))
	m.addValue(math.Copysign(0, -1))
	m.findOblivious()
	m.vectors = m.newVectors()
	m.groups = make([]run, m.config.Groups)
	for first := 0; first < len(m.order); {
		s := m.segmentFrom(first)
		first = int(s.end)
		m.segments = append(m.segments, s)
		m.cut(int(s.first), first)
		g := &m.groups[s.group]
		if g.end == 0 {
			*g = s.run
		}
		g.end, g.stop = s.end, s.stop
		for i := int(s.first); i < first; i++ {
			m.lead(i, first, end)
		}
	}
	m.compile()
	m.makePlan()
}

// at returns the tree at a place in the order.
func (m *Model) at(i int) *tree { return &m.trees[m.order[i]] }

// lead makes the leaves of the tree at a place in the order the root of the next tree, or, at the last
// place before stop, lead to the end.
func (m *Model) lead(i, stop int, end uint32) {
	t, root := m.at(i), always(end)
	if i+1 < stop {
		root = m.at(i + 1).root
	}
	root.slot = uint32(i + 1)
	nodes := m.nodes[t.root.next:][:t.nodes]
	for at := range nodes {
		if nodes[at].slot != 0 {
			nodes[at] = root
		}
	}
}

func (m *Model) run(first, end int) run {
	last := m.at(end - 1)
	return run{uint32(first), uint32(end), last.root.next + last.nodes}
}

// cut makes parts of a segment. The lanes of a single row begin with large ones. Those that come
// after are smaller and smaller, so that all lanes are through at nearly the same time.
func (m *Model) cut(first, end int) {
	least := min(smallest, (len(m.order)+lanes-1)/lanes)
	for first < end {
		size := max((end-first)/(2*lanes), least)
		m.parts = append(m.parts, m.run(first, min(first+size, end)))
		first += size
	}
}

// arrange moves the nodes to the order of the trees.
func (m *Model) arrange() {
	from := make([]uint32, 0, len(m.nodes)) // the old place of each node
	nodes := make([]node, 0, len(m.nodes)+1)
	for i := range m.order {
		t := m.at(i)
		first := t.root.next
		shift := uint32(len(nodes)) - first
		t.root.next += shift
		for at := first; at < first+t.nodes; at++ {
			n := m.nodes[at]
			n.next += shift
			nodes, from = append(nodes, n), append(from, at)
		}
	}
	m.nodes = nodes
	m.double, m.single, m.functionOf = moved(m.double, from), moved(m.single, from), moved(m.functionOf, from)
}

// trimmed returns s without much room behind it.
func trimmed[E any](s []E) []E {
	if cap(s)-len(s) > len(s)/8+1 {
		return append(make([]E, 0, len(s)+1), s...)
	}
	return s
}

// moved returns the elements of old in another order, with those that follow them.
func moved[E any](old []E, from []uint32) []E {
	if old == nil {
		return nil
	}
	all := make([]E, 0, len(from)+1)
	for _, at := range from {
		all = append(all, old[at])
	}
	return append(all, old[len(from):]...)
}
