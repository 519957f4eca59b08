package ensemble

import "github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"

// rank makes the ranks of count rows, and returns the tiles that have them.
func (s *scorer) rank(rows []float32, stride, count int) []*marks.Tile {
	used := (count + marks.Rows - 1) / marks.Rows
	for i, t := range s.tiles[:used] {
		first := i * marks.Rows
		s.rankTile(t, rows[first*stride:], stride, min(count-first, marks.Rows))
	}
	return s.tiles[:used]
}

func (s *scorer) rankTile(t *marks.Tile, rows []float32, stride, count int) {
	m := s.model
	v := m.vectors
	t.Use(count)
	for _, e := range v.eights {
		t.Load(rows[e.feature:], stride, e.count, count)
		t.Rank(v.of(e))
	}
	for _, a := range m.alike {
		c, sets := &m.columns[a.first], m.sets[a.first:a.end]
		to := t.Columns[len(v.ranked)+int(a.first)-m.plain:][:len(sets)]
		at := int(c.feature)
		for row := range count {
			k := c.category(rows[at])
			for i := range sets {
				to[i].Set(row, uint8(sets[i].side(k, m.words)))
			}
			at += stride
		}
	}
	t.Ranked()
}

// rankRow makes the ranks of a single row.
func (s *scorer) rankRow(row []float32) {
	m, v := s.model, s.model.vectors
	s.ranked.Rank(row, v.row)
	for _, a := range m.alike {
		k := m.columns[a.first].category(row[m.columns[a.first].feature])
		for i, set := range m.sets[a.first:a.end] {
			s.ranked.Set(len(v.ranked)+int(a.first)+i-m.plain, uint8(set.side(k, m.words)))
		}
	}
}
