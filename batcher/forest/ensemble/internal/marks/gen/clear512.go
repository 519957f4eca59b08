package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stay is the table of marks & (keep | leaves).
const stay = 0xe0

// entry512 is entry with one instruction instead of the last two.
func entry512(program, ranks reg.Register, at int, left []reg.VecVirtual) {
	column, split, leaves := GP64(), YMM(), YMM()
	MOVL(Mem{Base: program, Disp: at}, column.As32())
	ADDQ(ranks, column)
	VPBROADCASTD(Mem{Base: program, Disp: at + 4}, split)
	VPBROADCASTD(Mem{Base: program, Disp: at + 8}, leaves)
	for i, l := range left {
		keep := YMM()
		VPCMPGTB(Mem{Base: column, Disp: 32 * i}, split, keep)
		VPTERNLOGD(Imm(stay), leaves, keep, l)
	}
}
