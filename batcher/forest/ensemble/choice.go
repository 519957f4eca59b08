package ensemble

import "github.com/disrust/disrust/batcher/forest/ensemble/internal/kernel"

// choice estimates what rows are scored with fastest: it has the costs of each way. What it says
// changes no bit. The zero value never says that rows are to be walked.
type choice struct {
	walkRow, walkBlock int    // of each row, of a few and of many
	vector             [3]int // of each of the sizes
}

// sizes are the rows that a vector kernel scores at once: fewer take as long.
var sizes = [3]int{kernel.Eight, kernel.Rows / 2, kernel.Rows}

// What the walk takes for a level of a tree, and for the number of a column, in the unit of the costs of
// package kernel.
const (
	levelOfRow, levelOfBlock = 7, 5
	numberOfRow              = 8
)

// choose estimates what the kernels take.
func (m *Model) choose() choice {
	var c choice
	walked := 0 // of each row, whatever the kernel
	for i := range m.segments {
		s := &m.segments[i]
		levels := 0
		for at := s.first; at < s.end; at++ {
			levels += m.levels(m.at(int(at)))
		}
		c.walkRow += levelOfRow * levels
		c.walkBlock += levelOfBlock * levels
		if s.double == nil && s.single == nil {
			walked += levelOfBlock * levels
		}
		for k, rows := range sizes {
			c.vector[k] += s.cost(rows)
		}
	}
	for k, rows := range sizes {
		c.vector[k] += walked*rows + kernel.RankCost(m.vectors.ranks, rows)
		if m.walked {
			c.vector[k] += numberOfRow * len(m.columns) * rows
		}
	}
	c.walkRow += numberOfRow * len(m.columns)
	c.walkBlock += numberOfRow * len(m.columns)
	return c
}

// levels returns how many nodes lie before the leaves of a tree, on average.
func (m *Model) levels(t *tree) int {
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
	return (all + int(t.leaves) - 1) / int(t.leaves)
}

// rows returns how many of some rows a vector kernel scores first; 0: the walk is faster.
func (c *choice) rows(left int) int {
	best, cost := 0, c.walkBlock
	if left <= alone {
		cost = c.walkRow
	}
	for k, size := range sizes {
		rows := min(left, size)
		if of := c.vector[k] / rows; of < cost || of == 0 && best < rows {
			best, cost = rows, of
		}
	}
	return best
}
