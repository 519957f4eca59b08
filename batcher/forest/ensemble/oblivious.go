package ensemble

import "github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"

// fewest is how many oblivious trees in succession are scored as such, if they come among others: a
// change of the method takes as long as some trees.
const fewest = 16

// findOblivious finds the trees whose levels have one split each, which vector kernels score without
// marks.
func (m *Model) findOblivious() {
	for i := range m.trees {
		t := &m.trees[i]
		t.oblivious = m.fits(t) && m.hasLevels(t)
	}
	for first, end := 0, 0; first < len(m.order); first = end {
		t := m.at(first)
		for end < len(m.order) && m.at(end).group == t.group && m.alikeKernel(t, m.at(end)) {
			end++
		}
		if t.oblivious && end-first < fewest && (m.marked(first-1, t.group) || m.marked(end, t.group)) {
			for i := first; i < end; i++ {
				m.at(i).oblivious = false
			}
		}
	}
}

// hasLevels reports whether all nodes of a level have the same split, and all leaves the same depth.
func (m *Model) hasLevels(t *tree) bool {
	if t.depth > marks.MaxLevels || t.leaves != 1<<t.depth {
		return false
	}
	for level := 1; level < int(t.depth); level++ {
		nodes := m.levelOf(t, level)
		for i := range nodes {
			if nodes[i].column != nodes[0].column || nodes[i].split != nodes[0].split {
				return false
			}
		}
	}
	return true
}

// levelOf returns the nodes of a level of a tree that has as many as it can have. The root's is level 0,
// which is not in a slice.
func (m *Model) levelOf(t *tree, level int) []node { return m.nodesOf(t)[1<<level-2:][:1<<level] }

// splitOf returns the node whose split a level of an oblivious tree has.
func (m *Model) splitOf(t *tree, level int) *node {
	if level == 0 {
		return &t.root
	}
	return &m.levelOf(t, level)[0]
}

// marked reports whether the tree at a place in the order is scored with marks, and is of this group.
func (m *Model) marked(i int, group uint32) bool {
	if i < 0 || i >= len(m.order) {
		return false
	}
	t := m.at(i)
	return t.group == group && m.fits(t) && !t.oblivious
}

// allOblivious reports whether all trees are oblivious.
func (m *Model) allOblivious() bool {
	for i := range m.trees {
		if !m.trees[i].oblivious {
			return false
		}
	}
	return true
}

// obliviousProgram returns the program of some oblivious trees.
func (c *compiler[F]) obliviousProgram(r run) *marks.Oblivious[F] {
	leaves := 0
	for i := r.first; i < r.end; i++ {
		leaves += int(c.model.at(int(i)).leaves)
	}
	c.oblivious.Begin(leaves)
	for i := r.first; i < r.end; i++ {
		c.addLevels(c.model.at(int(i)))
	}
	return c.oblivious.Program()
}

// addLevels adds an oblivious tree to those of a program.
func (c *compiler[F]) addLevels(t *tree) {
	c.levels = c.levels[:0]
	for level := range int(t.depth) {
		column, rank := c.model.vectors.look(c.model.splitOf(t, level))
		c.levels = append(c.levels, marks.Level{Column: column, Rank: rank})
	}
	first := int(t.root.next)
	if t.depth > 0 {
		first += 1<<t.depth - 2
	}
	c.oblivious.Add(c.levels, c.values[first:][:1<<t.depth])
}
