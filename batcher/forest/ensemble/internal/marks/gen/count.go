package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// countSplits compares 32 numbers with each split, and counts in each lane the splits below.
func countSplits(n numbering, table, to, x, count, eights reg.Register) {
	left := GP64()
	MOVQ(eights, left)
	Label("half")
	numbers, below := make([]reg.VecVirtual, 4), make([]reg.VecVirtual, 4)
	for i := range below {
		numbers[i], below[i] = n.number(Mem{Base: x, Disp: 32 * i}), YMM()
		VPXOR(below[i], below[i], below[i])
	}
	at := GP64()
	XORQ(at, at)
	Label("split")
	split := YMM()
	VPBROADCASTD(Mem{Base: table, Index: at, Scale: 4, Disp: 4 * tableNodes}, split)
	for i := range below {
		minusOne := YMM()
		VPCMPGTD(split, numbers[i], minusOne)
		VPSUBD(minusOne, below[i], below[i])
	}
	INCQ(at)
	CMPL(at.As32(), count)
	JNE(LabelRef("split"))
	store(to, pack(below))
	ADDQ(Imm(128), x)
	ADDQ(Imm(32), to)
	SUBQ(Imm(4), left)
	JG(LabelRef("half"))
}
