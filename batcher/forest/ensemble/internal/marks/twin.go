package marks

import "math"

// The functions of this file do what the assembly does. Tests compare the two; and what the Builder
// makes is tested on every processor with these.

func rankTwin(to *Column, x *[Rows]float32, s *Splits) {
	for row, x := range x {
		to.Set(row, s.rank(x))
	}
}

func (s *Splits) rank(x float32) (rank uint8) {
	n := s.number(x)
	for _, split := range s.sorted() {
		if split < n {
			rank++
		}
	}
	return rank
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
