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
	m.columns, m.words = c.list, c.words
	for m.plain < len(m.columns) && !m.columns[m.plain].set {
		m.plain++
	}
	for i := m.plain; i < len(m.columns); i++ {
		if i == m.plain || m.columns[i].compare(&m.columns[i-1]) != 0 {
			m.sets = append(m.sets, span{first: uint32(i)})
		}
		m.sets[len(m.sets)-1].end = uint32(i + 1)
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
	for _, s := range m.sets {
		columns := m.columns[s.first:s.end]
		to := numbers[s.first:s.end]
		at := int(columns[0].feature)
		for lane := range count {
			k := columns[0].category(rows[at])
			for i := range columns {
				to[i][lane&(lanes-1)] = columns[i].side(k, m.words)
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
	for _, s := range m.sets {
		columns, to = m.columns[s.first:s.end], numbers[s.first:s.end]
		k := columns[0].category(row[columns[0].feature])
		for i := range columns {
			to[i] = columns[i].side(k, m.words)
		}
	}
}
