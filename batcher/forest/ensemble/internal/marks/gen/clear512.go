package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stay is the table of marks & (keep | leaves).
const stay = 0xe0

// entry64 is entry for the 64 rows of a register.
func entry64(program, ranks reg.Register, at int, left []reg.VecVirtual) {
	column, split, leaves, below, keep := GP64(), ZMM(), ZMM(), K(), ZMM()
	MOVL(Mem{Base: program, Disp: at}, column.As32())
	ADDQ(ranks, column)
	VPBROADCASTD(Mem{Base: program, Disp: at + 4}, split)
	VPBROADCASTD(Mem{Base: program, Disp: at + 8}, leaves)
	VPCMPGTB(Mem{Base: column}, split, below)
	VPMOVM2B(below, keep)
	VPTERNLOGD(Imm(stay), leaves, keep, left[0])
}

// entry32 is entry for the 32 rows of a register, with one instruction instead of two.
func entry32(program, ranks reg.Register, at int, left []reg.VecVirtual) {
	column, split, keep := GP64(), YMM(), YMM()
	MOVL(Mem{Base: program, Disp: at}, column.As32())
	ADDQ(ranks, column)
	VPBROADCASTD(Mem{Base: program, Disp: at + 4}, split)
	VPCMPGTB(Mem{Base: column}, split, keep)
	VPTERNLOGD_BCST(Imm(stay), Mem{Base: program, Disp: at + 8}, keep, left[0])
}
