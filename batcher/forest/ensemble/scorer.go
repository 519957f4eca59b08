package ensemble

import (
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// scorer is what one goroutine scores with.
type scorer struct {
	model   *Model
	numbers [][lanes]int32 // of each column, block after block
	at      [][lanes]uint32
	row     []int32  // of each column: the numbers of a single row
	places  []uint32 // of each slot: the leaf of a single row
	double  [][]float64
	single  [][]float32            // of each group: the sums of the rows that are scored at once; one of the two is nil
	answers []float64              // of one row
	tiles   []*marks.Tile          // nil: the model has no vectors
	ranked  *marks.Row             // nil: no vector kernel scores a single row
	leaves  [marks.WalkRows]uint32 // of rows that walk through packed trees
}

const (
	// blocks is how many blocks of rows go through some trees while their nodes are in the
	// nearest caches, if the numbers of the rows fit in there as well.
	blocks     = 8
	cacheBytes = 256 << 10
	cacheNodes = 2 << 10
)

// packedBlocks is how many blocks of rows go through a packed tree: a tree comes from a far cache once for
// all of them. Models of many groups take fewer, as each scorer holds a sum for each group and row.
const (
	packedBlocks = 32
	fewGroups    = 16
)

// blocks returns how many blocks of rows go through some trees together.
func (m *Model) blocks() int {
	most := blocks
	if m.packed && m.config.Groups <= fewGroups {
		most = packedBlocks
	}
	return min(most, max(1, cacheBytes/(4*lanes*len(m.columns))))
}

// sums returns room for the sums of each group and of all rows that are scored at once.
func sums[F float32 | float64](groups, rows int) [][]F {
	all, of := make([]F, groups*rows), make([][]F, groups)
	for g := range of {
		of[g] = all[g*rows : (g+1)*rows : (g+1)*rows]
	}
	return of
}

// stride returns how many columns the numbers of a block have: one more than the model, for leaves of
// packed trees.
func (m *Model) stride() int { return len(m.columns) + 1 }

// NewScorer implements [batcher.Model].
func (m *Model) NewScorer() batcher.Scorer { return m.newScorer() }

func (m *Model) newScorer() *scorer {
	n := m.blocks()
	s := &scorer{
		model:   m,
		numbers: make([][lanes]int32, n*m.stride()),
		at:      make([][lanes]uint32, n),
		row:     make([]int32, m.stride()),
		places:  make([]uint32, 1+len(m.trees)),
		answers: make([]float64, m.config.Groups),
	}
	s.row[len(m.columns)] = math.MinInt32
	for b := range n {
		below := &s.numbers[(b+1)*m.stride()-1]
		for lane := range below {
			below[lane] = math.MinInt32
		}
	}
	rows := max(m.most(marked), m.most(blocked), lanes)
	if m.config.Sum == Single {
		s.single = sums[float32](m.config.Groups, rows)
	} else {
		s.double = sums[float64](m.config.Groups, rows)
	}
	if m.vectors != nil {
		s.tiles = marks.NewTiles(m.most(marked)/marks.Rows, m.vectors.ranks, m.config.Kernel, m.twin())
		if m.vectors.row != nil {
			s.ranked = marks.NewRow(m.vectors.ranks, m.config.Kernel, m.twin())
		}
	}
	return s
}

// Score implements [batcher.Scorer]. It fails if dim is not the model's.
func (s *scorer) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [batcher.StridedScorer]. It fails if dim is not the model's.
func (s *scorer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	if dim != s.model.shape.Dim {
		return fmt.Errorf("ensemble: rows of %d features: the model has %d", dim, s.model.shape.Dim)
	}
	outputs := s.model.shape.Outputs
	for left := len(out) / outputs; left > 0; {
		do := s.model.plan.first(left)
		count := int(do.count)
		s.do(do, rows, stride, out[:count*outputs])
		if left -= count; left > 0 {
			rows, out = rows[count*stride:], out[count*outputs:]
		}
	}
	return nil
}

// do scores the first rows as a step says.
func (s *scorer) do(do step, rows []float32, stride int, out []float32) {
	switch row := rows[:s.model.shape.Dim]; do.method {
	case alone:
		s.scoreRow(row, out)
	case together:
		s.scoreTogether(row, out)
	case ranked:
		s.scoreRanked(row, out)
	default:
		s.scoreBlocks(rows, stride, int(do.count), out, do.method == marked)
	}
}

// scoreBlocks scores count rows, of a model without linear leaves, with the walk or, where trees fit,
// with a vector kernel.
func (s *scorer) scoreBlocks(rows []float32, stride, count int, out []float32, vector bool) {
	m := s.model
	outputs, used := m.shape.Outputs, (count+lanes-1)/lanes
	var tiles []*marks.Tile
	if vector {
		tiles = s.rank(rows, stride, count)
	}
	if !vector || m.walked {
		s.fill(rows, stride, count)
	}
	s.start(used)
	for i := range m.segments {
		switch sg := &m.segments[i]; {
		case vector && sg.double != nil:
			sg.double.Add(tiles, s.double[sg.group])
		case vector && sg.single != nil:
			sg.single.Add(tiles, s.single[sg.group])
		case sg.packed != nil:
			s.walkPacked(sg, used)
		case s.single != nil:
			s.enter(&sg.run, count)
			walkSegment(s, sg, used, m.single, s.single[sg.group])
		default:
			s.enter(&sg.run, count)
			walkSegment(s, sg, used, m.double, s.double[sg.group])
		}
	}
	for i := range count {
		for g := range s.answers {
			s.answers[g] = s.sum(g, i)
		}
		m.answer(s.answers, out[i*outputs:(i+1)*outputs])
	}
}

// fill writes the numbers of count rows.
func (s *scorer) fill(rows []float32, stride, count int) {
	columns := s.model.stride()
	for b := 0; b*lanes < count; b++ {
		from := b * lanes
		s.model.fill(rows[from*stride:], stride, min(lanes, count-from), s.numbers[b*columns:(b+1)*columns])
	}
}

// enter takes count rows from the root of the first tree of a segment. Other lanes are at the end.
func (s *scorer) enter(g *run, count int) {
	root, columns := &s.model.at(int(g.first)).root, s.model.stride()
	for i := range (count + lanes - 1) / lanes * lanes {
		at := &s.at[i/lanes][i%lanes]
		if *at = uint32(len(s.model.nodes) - 1); i < count {
			*at = root.next + right(root.split, s.numbers[i/lanes*columns+int(root.column)][i%lanes])
		}
	}
}

// walkSegment takes the first used blocks through the trees of a segment: all of them through some
// nodes, then all through the next.
func walkSegment[F float32 | float64](s *scorer, sg *segment, used int, values []F, sums []F) {
	m := s.model
	columns := m.stride()
	for stop := m.at(int(sg.first)).root.next; stop < sg.stop; {
		stop = min(stop+cacheNodes, sg.stop)
		for b := range used {
			walkRows(m.nodes, values, s.numbers[b*columns:(b+1)*columns], stop, &s.at[b], (*[lanes]F)(sums[b*lanes:]))
		}
	}
}

// start puts the sums of the first used blocks where the model's sums start.
func (s *scorer) start(used int) {
	for g := range s.double {
		clear(s.double[g][:used*lanes])
	}
	for g := range s.single {
		base := float32(0)
		if s.model.config.Base != nil {
			base = s.model.config.Base[g]
		}
		for i := range s.single[g][:used*lanes] {
			s.single[g][i] = base
		}
	}
}

// sum returns the sum of a group and a row.
func (s *scorer) sum(group, row int) float64 {
	if s.single != nil {
		return float64(s.single[group][row])
	}
	return s.double[group][row]
}

// answer writes what the model answers for these sums, which it overwrites.
func (m *Model) answer(sums []float64, out []float32) {
	for i, bias := range m.config.Bias {
		sums[i] = float64(m.config.Scale*sums[i]) + bias
	}
	if c := &m.config; c.Output != wire.Raw {
		if c.Divisor != 0 {
			for i := range sums {
				sums[i] /= c.Divisor
			}
		}
		c.Transform.Apply(sums)
		if c.Output == wire.Class {
			out[0] = link.Class(sums)
			return
		}
	}
	for i := range out {
		out[i] = float32(sums[i])
	}
}
