package ensemble

// rank makes the ranks of count rows.
func (s *scorer) rank(rows []float32, stride, count int) {
	m, t := s.model, s.tile
	v := m.vectors
	t.Use(count)
	if count == 1 {
		t.RankRow(rows, v.ranked)
	} else {
		for _, e := range v.eights {
			t.Load(rows[e.feature:], stride, e.count, count)
			t.Rank(v.of(e))
		}
	}
	for _, a := range m.alike {
		c, sets := &m.columns[a.first], m.sets[a.first:a.end]
		first, at := len(v.ranked)+int(a.first)-m.plain, int(c.feature)
		for row := range count {
			k := c.category(rows[at])
			for i := range sets {
				t.Set(first+i, row, uint8(sets[i].side(k, m.words)))
			}
			at += stride
		}
	}
	t.Ranked()
}
