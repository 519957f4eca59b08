package ensemble

// fill writes the numbers of count rows. Other lanes keep what they have: nobody reads their
// sums.
func (m *Model) fill(rows []float32, stride, count int, numbers [][lanes]int32) {
	for i := range m.columns {
		c, to := &m.columns[i], &numbers[i]
		at := int(c.feature)
		if c.set {
			for lane := range count {
				to[lane] = c.side(rows[at], m.words)
				at += stride
			}
			continue
		}
		for lane := range count {
			to[lane&(lanes-1)] = c.number(rows[at])
			at += stride
		}
	}
}

// fillRow writes the numbers of one row.
func (m *Model) fillRow(row []float32, numbers []int32) {
	columns := m.columns
	numbers = numbers[:len(columns)]
	for i := range columns {
		c := &columns[i]
		x := row[c.feature]
		if c.set {
			numbers[i] = c.side(x, m.words)
		} else {
			numbers[i] = c.number(x)
		}
	}
}
