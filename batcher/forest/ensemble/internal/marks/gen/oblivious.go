package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// levelBytes is the size of a level of an oblivious tree: the column's place, and four times the split.
const levelBytes = 8

// index makes the places of the leaves of 32*halves rows, tree after tree: each level doubles the place,
// and adds 1 in the rows that go right. If narrow, each row has four bytes of a register, and the places
// of eight rows are moved together.
func index(name string, halves int, narrow bool) {
	begin(name, "func(levels *uint32, treeCount int, ranks *byte, places *byte)",
		name+" finds the places of the leaves of each row in oblivious trees.")
	level, treeCount := Load(Param("levels"), GP64()), Load(Param("treeCount"), GP64())
	ranks, places := Load(Param("ranks"), GP64()), Load(Param("places"), GP64())
	place := []reg.VecVirtual{YMM(), YMM()}[:halves]
	left, column := GP32(), GP64()
	first := YMM()
	if narrow {
		VMOVDQU(constant("first", 0x0c080400, 0x80808080, 0x80808080, 0x80808080, 0x80808080, 0x0c080400, 0x80808080, 0x80808080), first)
	}

	Label("tree")
	MOVL(Mem{Base: level}, left)
	ADDQ(Imm(4), level)
	for _, p := range place {
		VPXOR(p, p, p)
	}
	TESTL(left, left)
	JZ(LabelRef("store"))
	Label("level")
	split := YMM()
	MOVL(Mem{Base: level}, column.As32())
	ADDQ(ranks, column)
	VPBROADCASTD(Mem{Base: level, Disp: 4}, split)
	for i, p := range place {
		minusOne := YMM()
		VPCMPGTB(Mem{Base: column, Disp: 32 * i}, split, minusOne)
		VPADDB(p, p, p)
		VPSUBB(minusOne, p, p)
	}
	ADDQ(Imm(levelBytes), level)
	DECL(left)
	JNZ(LabelRef("level"))

	Label("store")
	if narrow {
		VPSHUFB(first, place[0], place[0])
		upper := XMM()
		VEXTRACTI128(Imm(1), place[0], upper)
		VPOR(place[0].AsX(), upper, upper)
		VMOVQ(upper, Mem{Base: places})
	} else {
		for i, p := range place {
			VMOVDQU(p, Mem{Base: places, Disp: 32 * i})
		}
	}
	ADDQ(Imm(64), places)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	end()
}

// addRow finds the leaves of one row and adds their values to its sum. A look has the column's number
// times 256, plus the split. The carry of a comparison is the next bit of the place.
func addRow(precision, goType string, size int, move, add func(from, to Op)) {
	begin("addRow"+precision, "func(looks *uint32, depths *byte, treeCount int, ranks *byte, values *"+goType+", sum *"+goType+")",
		"addRow"+precision+" adds the values of the leaves of one row in oblivious trees.")
	look, depths, treeCount := Load(Param("looks"), GP64()), Load(Param("depths"), GP64()), Load(Param("treeCount"), GP64())
	ranks, values, sums := Load(Param("ranks"), GP64()), Load(Param("values"), GP64()), Load(Param("sum"), GP64())
	sum := XMM()
	move(Mem{Base: sums}, sum)
	depth, place, column, leaves := reg.RCX, GP64(), GP32(), GP32()

	// The depth of the next tree is known early: most trees have six levels, as CatBoost makes them by default.
	Label("tree")
	MOVBLZX(Mem{Base: depths}, reg.ECX)
	INCQ(depths)
	XORL(place.As32(), place.As32())
	CMPL(reg.ECX, Imm(6))
	JNE(LabelRef("other"))
	for i := range 6 {
		lookAt(look, ranks, 4*i, column, place)
	}
	ADDQ(Imm(24), look)
	add(Mem{Base: values, Index: place, Scale: uint8(size)}, sum)
	ADDQ(U32(64*size), values)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	Label("done")
	move(sum, Mem{Base: sums})
	RET()

	Label("other")
	MOVL(U32(1), leaves)
	SHLL(reg.CL, leaves)
	TESTL(reg.ECX, reg.ECX)
	JZ(LabelRef("add"))
	Label("level")
	lookAt(look, ranks, 0, column, place)
	ADDQ(Imm(4), look)
	DECL(depth.As32())
	JNZ(LabelRef("level"))
	Label("add")
	add(Mem{Base: values, Index: place, Scale: uint8(size)}, sum)
	LEAQ(Mem{Base: values, Index: leaves.As64(), Scale: uint8(size)}, values)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	JMP(LabelRef("done"))
}

// lookAt appends a bit to the place: 1 if the split is below the rank.
func lookAt(look, ranks reg.Register, at int, column, place reg.GPVirtual) {
	split := reg.EAX
	MOVL(Mem{Base: look, Disp: at}, split)
	MOVL(split, column)
	SHRL(Imm(8), column)
	CMPB(reg.AL, Mem{Base: ranks, Index: column.As64(), Scale: 1})
	ADCL(place.As32(), place.As32())
}
