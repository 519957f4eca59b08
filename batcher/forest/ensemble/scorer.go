package ensemble

import (
	"fmt"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// scorer is what one goroutine scores with.
type scorer struct {
	model   *Model
	numbers [][lanes]int32 // of each column, block after block
	row     []int32        // of each column: the numbers of a single row
	places  []uint32       // of each tree: the leaf of a single row
	double  [][lanes]float64
	single  [][lanes]float32 // of each group, block after block; one of the two is nil
	answers []float64        // of one row
}

const (
	// blocks is how many blocks of rows go through a tree while its nodes are in the first
	// cache, if their numbers fit in there as well.
	blocks     = 4
	cacheBytes = 24 << 10

	// alone is up to how many rows are scored one by one instead of as a block.
	alone = 4
)

// NewScorer implements [batcher.Model].
func (m *Model) NewScorer() batcher.Scorer {
	n := min(blocks, max(1, cacheBytes/(4*lanes*len(m.columns))))
	s := &scorer{
		model:   m,
		numbers: make([][lanes]int32, n*len(m.columns)),
		row:     make([]int32, len(m.columns)),
		places:  make([]uint32, (len(m.trees)+lanes-1)/lanes*lanes),
		answers: make([]float64, m.config.Groups),
	}
	if m.config.Sum == Single {
		s.single = make([][lanes]float32, n*m.config.Groups)
	} else {
		s.double = make([][lanes]float64, n*m.config.Groups)
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
	most := lanes * (len(s.numbers) / len(s.model.columns))
	for left := len(out) / outputs; left > 0; {
		count := min(left, most)
		switch {
		case count <= alone:
			count = 1
			s.scoreRow(rows[:dim], out[:outputs])
		default:
			if rest := count % lanes; rest <= alone {
				count -= rest
			}
			s.scoreBlocks(rows, dim, stride, count, out[:count*outputs])
		}
		if left -= count; left > 0 {
			rows, out = rows[count*stride:], out[count*outputs:]
		}
	}
	return nil
}

// scoreBlocks scores count rows, tree after tree.
func (s *scorer) scoreBlocks(rows []float32, dim, stride, count int, out []float32) {
	m := s.model
	columns, groups := len(m.columns), m.config.Groups
	used := (count + lanes - 1) / lanes
	for b := range used {
		from := b * lanes
		m.fill(rows[from*stride:], stride, min(lanes, count-from), s.numbers[b*columns:(b+1)*columns])
	}
	s.start(used)
	for i := range m.trees {
		t := &m.trees[i]
		for b := range used {
			places := t.rows(m.nodes, s.numbers[b*columns:(b+1)*columns])
			at := b*groups + int(t.group)
			switch {
			case m.functionOf != nil:
				for lane := range min(lanes, count-b*lanes) {
					from := (b*lanes + lane) * stride
					s.double[at][lane] += m.value(places[lane], rows[from:from+dim])
				}
			case s.single != nil:
				add(&s.single[at], m.single, &places)
			default:
				add(&s.double[at], m.double, &places)
			}
		}
	}
	outputs := m.shape.Outputs
	for i := range count {
		for g := range groups {
			s.answers[g] = s.sum(i/lanes*groups+g, i%lanes)
		}
		m.answer(s.answers, out[i*outputs:(i+1)*outputs])
	}
}

// start puts the sums of the first used blocks where the model's sums start.
func (s *scorer) start(used int) {
	groups := s.model.config.Groups
	clear(s.double[:min(len(s.double), used*groups)])
	clear(s.single[:min(len(s.single), used*groups)])
	if s.single == nil || s.model.config.Base == nil {
		return
	}
	for i := range used * groups {
		for lane := range lanes {
			s.single[i][lane] = s.model.config.Base[i%groups]
		}
	}
}

func (s *scorer) sum(at, lane int) float64 {
	if s.single != nil {
		return float64(s.single[at][lane])
	}
	return s.double[at][lane]
}

// add adds the values of eight leaves to the sums of eight rows.
func add[F float32 | float64](sums *[lanes]F, values []F, places *[lanes]uint32) {
	for lane, p := range places {
		sums[lane] += values[p]
	}
}

// scoreRow scores one row, eight trees at a time. They are taken by depth, and added in order.
func (s *scorer) scoreRow(row, out []float32) {
	m := s.model
	for i := range m.columns {
		c := &m.columns[i]
		s.row[i] = c.number(row[c.feature], m.words)
	}
	for order := m.order; len(order) > 0; {
		now := order[:min(lanes, len(order))]
		order = order[len(now):]
		var at [lanes]uint32
		for i, t := range now {
			at[i] = m.trees[t].root
		}
		walkTrees(m.nodes, s.row, int(m.trees[now[0]].depth), &at)
		for i, t := range now {
			s.places[t] = at[i]
		}
	}
	s.start(1)
	for i := range m.trees {
		t, p := &m.trees[i], s.places[i]
		switch {
		case m.functionOf != nil:
			s.double[t.group][0] += m.value(p, row)
		case s.single != nil:
			s.single[t.group][0] += m.single[p]
		default:
			s.double[t.group][0] += m.double[p]
		}
	}
	for g := range s.answers {
		s.answers[g] = s.sum(g, 0)
	}
	m.answer(s.answers, out)
}

// fill writes the numbers of count rows. Other lanes keep what they have: nobody reads their
// sums.
func (m *Model) fill(rows []float32, stride, count int, numbers [][lanes]int32) {
	for i := range m.columns {
		c := &m.columns[i]
		for lane := range count {
			numbers[i][lane] = c.number(rows[lane*stride+int(c.feature)], m.words)
		}
	}
}

// value returns the value of the leaf at a place for a row, in a model with linear leaves.
func (m *Model) value(place uint32, row []float32) float64 {
	if m.functionOf[place] == 0 {
		return m.double[place]
	}
	f := &m.functions[m.functionOf[place]-1]
	sum := f.constant
	for _, t := range m.terms[f.first:f.end] {
		x := row[t.Feature]
		if x != x {
			return m.double[place]
		}
		if m.config.SnapZero && x >= -Tiny && x <= Tiny {
			x = 0
		}
		sum += float64(t.Coeff * float64(x))
	}
	return sum
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
