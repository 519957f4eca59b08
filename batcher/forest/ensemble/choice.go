package ensemble

import (
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
)

// choice says how many of up to 64 rows a vector kernel scores first, by the number of the rows; 0: all
// of them are walked, which is faster. It is an estimate, and changes no bit.
type choice [marks.Rows + 1]uint8

// chooseVector is the choice not to walk.
func chooseVector() (c choice) {
	for rows := range c {
		c[rows] = uint8(rows)
	}
	return c
}

// choose estimates for each number of rows what is fastest.
func (m *Model) choose() (c choice) {
	var costs [len(c)]int
	row, block := m.walkCosts(false)
	_, rest := m.walkCosts(true)
	for rows := 1; rows < len(c); rows++ {
		single := rows % lanes
		if single > alone {
			single = 0
		}
		costs[rows] = single*row + (rows-single+lanes-1)/lanes*lanes*block
		for _, size := range []int{marks.Eight, marks.Rows / 2, marks.Rows} {
			first := min(rows, size)
			if cost := rest*first + m.vectorCost(first) + costs[rows-first]; cost < costs[rows] {
				c[rows], costs[rows] = uint8(first), cost
			}
		}
	}
	return c
}

// What the walk takes for a level of a tree, and for the number of a column, in the unit of the costs of
// package kernel. A level takes longer if the nodes do not fit the caches.
const numberOfRow = 8

var levelCosts = []struct{ bytes, row, block int }{{1 << 20, 7, 5}, {4 << 20, 11, 8}, {math.MaxInt, 40, 30}}

// walkCosts returns about what the walk takes for a row, of a few and of many: for all segments, or for
// those that a vector kernel does not fit.
func (m *Model) walkCosts(rest bool) (row, block int) {
	levels := 0
	for i := range m.segments {
		s := &m.segments[i]
		if rest && (s.double != nil || s.single != nil) {
			continue
		}
		for at := s.first; at < s.end; at++ {
			levels += m.levels(m.at(int(at)))
		}
	}
	if levels == 0 {
		return 0, 0
	}
	size := bytes(m.nodes) + bytes(m.double) + bytes(m.single)
	of := levelCosts[0]
	for i := 1; size > of.bytes; i++ {
		of = levelCosts[i]
	}
	numbers := numberOfRow * len(m.columns)
	return numbers + of.row*levels, numbers + of.block*levels
}

// vectorCost returns about what the vector kernels take for some rows.
func (m *Model) vectorCost(rows int) int {
	cost := marks.RankCost(m.vectors.ranks, rows)
	for i := range m.segments {
		cost += m.segments[i].cost(rows)
	}
	return cost
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
