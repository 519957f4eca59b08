package ensemble

// rank makes the ranks of count rows.
func (s *scorer) rank(rows []float32, stride, count int) {
	m, t := s.model, s.tile
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
