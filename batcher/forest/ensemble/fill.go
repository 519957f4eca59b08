package ensemble

// span is some neighbouring columns.
type span struct{ first, end uint32 }

// setColumns gives the model its columns, and the nodes their places.
func (m *Model) setColumns(c *columns) {
	if c.words != nil {
		to := c.sort()
		for i := range m.nodes {
			m.nodes[i].column = to[m.nodes[i].column]
		}
		for i := range m.trees {
			m.trees[i].root.column = to[m.trees[i].root.column]
		}
	}
	m.columns, m.sets, m.words = c.list, c.sets, c.words
	for m.plain < len(m.columns) && !m.columns[m.plain].set {
		m.plain++
	}
	for i := m.plain; i < len(m.columns); i++ {
		if i == m.plain || m.columns[i].compare(&m.columns[i-1]) != 0 {
			m.alike = append(m.alike, span{first: uint32(i)})
		}
		m.alike[len(m.alike)-1].end = uint32(i + 1)
	}
}

// fill writes the numbers of count rows. Other lanes keep what they have: nobody reads their
// sums.
func (m *Model) fill(rows []float32, stride, count int, numbers [][lanes]int32) {
	for i := range m.columns[:m.plain] {
		c, to := &m.columns[i], &numbers[i]
		at := int(c.feature)
		for lane := range count {
			to[lane&(lanes-1)] = c.number(rows[at])
			at += stride
		}
	}
	words := m.words
	for _, a := range m.alike {
		c, sets := &m.columns[a.first], m.sets[a.first:a.end]
		to := numbers[a.first:][:len(sets)]
		at := int(c.feature)
		for lane := range count {
			k := c.category(rows[at])
			for i := range sets {
				to[i][lane&(lanes-1)] = sets[i].side(k, words)
			}
			at += stride
		}
	}
}

// fillRow writes the numbers of one row.
func (m *Model) fillRow(row []float32, numbers []int32) {
	columns := m.columns[:m.plain]
	to := numbers[:len(columns)]
	for i := range columns {
		to[i] = columns[i].number(row[columns[i].feature])
	}
	words := m.words
	for _, a := range m.alike {
		c, sets := &m.columns[a.first], m.sets[a.first:a.end]
		to := numbers[a.first:][:len(sets)]
		k := c.category(row[c.feature])
		for i := range sets {
			to[i] = sets[i].side(k, words)
		}
	}
}
