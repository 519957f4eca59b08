package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose takes eight rows at a time. A register holds four features of a row, and the same four of
// the row four places on; so that two rounds of shuffles, which never cross the middle of a register,
// turn four of them into four features of eight rows.
func transpose() {
	begin("transpose", "func(to *float32, rows *float32, strideBytes int, eights int)",
		"transpose writes eight features of 8*eights rows, feature after feature with room for 64 rows each.")
	to, rows := Load(Param("to"), GP64()), Load(Param("rows"), GP64())
	stride, eights := Load(Param("strideBytes"), GP64()), Load(Param("eights"), GP64())
	three := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
	Label("eight")
	later := GP64()
	LEAQ(Mem{Base: rows, Index: stride, Scale: 4}, later)
	for i := range 8 { // features that come soon: the processor does not see which lines of a row come next
		PREFETCHT0(row([]reg.Register{rows, later}[i/4], stride, three, i%4).Offset(ahead))
	}
	for four := range 2 {
		a := make([]reg.VecVirtual, 4)
		for i := range a {
			a[i] = YMM()
			VMOVUPS(row(rows, stride, three, i).Offset(16*four), a[i].AsX())
			VINSERTF128(Imm(1), row(later, stride, three, i).Offset(16*four), a[i], a[i])
		}
		p, q, r, s := YMM(), YMM(), YMM(), YMM()
		VUNPCKLPS(a[1], a[0], p)
		VUNPCKHPS(a[1], a[0], q)
		VUNPCKLPS(a[3], a[2], r)
		VUNPCKHPS(a[3], a[2], s)
		for i, pair := range [][2]reg.VecVirtual{{p, r}, {p, r}, {q, s}, {q, s}} {
			feature := YMM()
			VSHUFPS(Imm([]uint64{0x44, 0xee}[i%2]), pair[1], pair[0], feature)
			VMOVUPS(feature, Mem{Base: to, Disp: 256 * (4*four + i)})
		}
	}
	LEAQ(Mem{Base: rows, Index: stride, Scale: 8}, rows)
	ADDQ(Imm(32), to)
	DECQ(eights)
	JNZ(LabelRef("eight"))
	end()
}

// ahead is how many bytes before its use a feature is asked for.
const ahead = 128

// row is the place of row i of four.
func row(first, stride, three reg.Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: first}
	case 3:
		return Mem{Base: first, Index: three, Scale: 1}
	}
	return Mem{Base: first, Index: stride, Scale: uint8(i)}
}
