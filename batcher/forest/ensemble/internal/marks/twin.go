package marks

import "math"

// The functions of this file do what the assembly does. Tests compare the two; and what the Builder
// makes is tested on every processor with these.

func rankTwin(to *Column, x *[Rows]float32, s *Splits) {
	for row, x := range x {
		to.Set(row, s.rank(x))
	}
}

func (s *Splits) rank(x float32) uint8 {
	sorted, n, rank := s.sorted(), s.number(x), 0
	for rank < len(sorted) && sorted[rank] < n {
		rank++
	}
	return uint8(rank)
}

func (s *Splits) number(x float32) int32 {
	bits := int32(math.Float32bits(x))
	switch magnitude := bits & math.MaxInt32; {
	case magnitude > 0x7f800000:
		return s.rule.NaN
	case magnitude <= s.rule.Tiny:
		return s.rule.Zero
	case bits < 0:
		return -magnitude
	default:
		return magnitude
	}
}

func spreadTwin(c *Column) {
	ranks := *c
	for i := range 4 * Eight {
		c[i], c[Rows+i] = ranks[i/4], ranks[Rows+i/4]
	}
}

func clearTwin(words []uint32, t *Tile) {
	layout := t.layout()
	for words[0] != 0 {
		entries, units := words[0], words[1]
		words = words[2:]
		for range units {
			to := t.marks[words[0]:][:layout.bytes]
			for i := range to {
				to[i] = 0xff
			}
			words = words[1:]
			for range entries {
				column := t.Columns[words[0]/columnBytes][words[0]%columnBytes:]
				for i := range to {
					if int8(words[1]) <= int8(column[i]) {
						to[i] &= byte(words[2] >> (8 * (i % 4)))
					}
				}
				words = words[3:]
			}
		}
	}
}

func addTwin[F float32 | float64](trees []place, t *Tile, values []F, sums *[Rows]F) {
	layout := t.layout()
	for _, p := range trees {
		for row := range layout.bytes / (layout.bits / 8) {
			sums[row] += values[int(p.values)+layout.lowest(t.marks[p.marks:], row)]
		}
	}
}

// lowest returns the lowest leaf that is left to a row in the marks of a tree.
func (l layout) lowest(marks []byte, row int) int {
	for leaf := 0; ; leaf++ {
		at := leaf/l.bits*l.bytes + row*l.bits/8 + leaf%l.bits/8
		if marks[at]>>(leaf%8)&1 != 0 {
			return leaf
		}
	}
}

func (t *Tile) layout() layout {
	if t.narrow() {
		return narrow
	}
	return wide
}

func (c *levels) indexTwin(t *Tile) {
	words := c.words
	for _, p := range c.trees {
		places := t.marks[p.marks:][:t.used]
		clear(places)
		depth := words[0]
		for words = words[1:]; depth > 0; depth-- {
			column := t.Columns[words[0]/columnBytes][words[0]%columnBytes:]
			for row := range places {
				right := byte(0)
				if int8(words[1]) > int8(column[t.rankAt(row)]) {
					right = 1
				}
				places[row] = 2*places[row] + right
			}
			words = words[2:]
		}
	}
}

// rankAt returns where the rank of a row is in a column: see spread.
func (t *Tile) rankAt(row int) int {
	if t.narrow() {
		return 4 * row
	}
	return row
}

func addIndexed[F float32 | float64](trees []place, t *Tile, values []F, sums *[Rows]F) {
	for _, p := range trees {
		for row := range t.used {
			sums[row] += values[int(p.values)+int(t.marks[int(p.marks)+row])]
		}
	}
}

func addRowTwin[F float32 | float64](c *levels, r *Row, values []F, sum *F) {
	looks := c.looks
	for i, depth := range c.depths {
		place := 0
		for _, look := range looks[:depth] {
			place *= 2
			if uint8(look) < r.ranks[look>>8] {
				place++
			}
		}
		*sum += values[int(c.trees[i].values)+place]
		looks = looks[depth:]
	}
}
