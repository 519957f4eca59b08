package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// entryBytes is the size of an entry: the column's place, four times the split, four times the leaves.
const entryBytes = 12

// clear makes the marks of 32*halves rows. All units of a run have as many entries, so that the
// processor predicts when the loop over them ends.
func clear(name string, halves int) {
	begin(name, "func(program *uint32, ranks *byte, marks *byte)", name+" marks the leaves that are left to each row.")
	program, ranks, marks := Load(Param("program"), GP64()), Load(Param("ranks"), GP64()), Load(Param("marks"), GP64())
	left := []reg.VecVirtual{YMM(), YMM()}[:halves]
	entries, units, to, pairs := GP32(), GP32(), GP32(), GP32()

	Label("run")
	MOVL(Mem{Base: program}, entries)
	MOVL(Mem{Base: program, Disp: 4}, units)
	ADDQ(Imm(8), program)
	TESTL(entries, entries)
	JZ(LabelRef("done"))

	Label("unit")
	MOVL(Mem{Base: program}, to)
	ADDQ(Imm(4), program)
	for _, l := range left {
		VPCMPEQB(l, l, l)
	}
	MOVL(entries, pairs)
	SHRL(Imm(1), pairs)
	JCC(LabelRef("even"))
	entry(program, ranks, 0, left)
	ADDQ(Imm(entryBytes), program)
	Label("even")
	TESTL(pairs, pairs)
	JZ(LabelRef("store"))
	Label("pair")
	entry(program, ranks, 0, left)
	entry(program, ranks, entryBytes, left)
	ADDQ(Imm(2*entryBytes), program)
	DECL(pairs)
	JNZ(LabelRef("pair"))

	Label("store")
	for i, l := range left {
		VMOVDQU(l, Mem{Base: marks, Index: to.As64(), Scale: 1, Disp: 32 * i})
	}
	DECL(units)
	JNZ(LabelRef("unit"))
	JMP(LabelRef("run"))
	Label("done")
	end()
}

// entry clears leaves of the rows that leave them behind. An address without an index lets a comparison
// remain one step of a processor by Intel.
func entry(program, ranks reg.Register, at int, left []reg.VecVirtual) {
	column, split, leaves := GP64(), YMM(), YMM()
	MOVL(Mem{Base: program, Disp: at}, column.As32())
	ADDQ(ranks, column)
	VPBROADCASTD(Mem{Base: program, Disp: at + 4}, split)
	VPBROADCASTD(Mem{Base: program, Disp: at + 8}, leaves)
	for i, l := range left {
		keep := YMM()
		VPCMPGTB(Mem{Base: column, Disp: 32 * i}, split, keep)
		VPOR(leaves, keep, keep)
		VPAND(keep, l, l)
	}
}
