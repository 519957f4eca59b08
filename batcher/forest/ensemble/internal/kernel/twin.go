package kernel

import (
	"math"
	"math/bits"
	"unsafe"
)

// The functions of this file do what the assembly does. Tests compare the two; and what the Builder
// makes is tested on every processor with these.

func rankTwin(to *Column, x *[Rows]float32, s *Splits) {
	sorted := s.sorted()
	for row, x := range x {
		n, rank := s.number(x), 0
		for rank < len(sorted) && sorted[rank] < n {
			rank++
		}
		to.Set(row, uint8(rank))
	}
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

func clearTwin(words []uint32, columns []Column, marks *[maxUnits][Rows]byte) {
	for words[0] != 0 {
		entries, units := words[0], words[1]
		words = words[2:]
		for range units {
			to := &marks[words[0]/Rows]
			for row := range to {
				to[row] = 0xff
			}
			words = words[1:]
			for range entries {
				column, at := &columns[words[0]/uint32(len(Column{}))], words[0]%uint32(len(Column{}))
				for row := range to {
					if int8(words[1]) <= int8(column[int(at)+row]) {
						to[row] &= byte(words[2])
					}
				}
				words = words[3:]
			}
		}
	}
}

func addTwin[F float32 | float64](trees []place, marks *[maxUnits][Rows]byte, values []F, sums *[Rows]F) {
	for _, p := range trees {
		of := marks[p.marks/Rows:]
		values := values[p.values/uint32(unsafe.Sizeof(F(0))):]
		for row := range sums {
			at := 0
			for of[at][row] == 0 {
				at++
			}
			sums[row] += values[8*at+bits.TrailingZeros8(of[at][row])]
		}
	}
}
