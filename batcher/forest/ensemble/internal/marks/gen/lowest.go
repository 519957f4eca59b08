package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lowest puts the number of the lowest leaf that is left to each of 32*halves rows into the first
// marks of a tree.
func lowest(name string, halves int) {
	begin(name, "func(trees *uint32, treeCount int, marks *byte)", name+" replaces the first marks of each tree by the leaves of the rows.")
	trees, treeCount, marks := Load(Param("trees"), GP64()), Load(Param("treeCount"), GP64()), Load(Param("marks"), GP64())
	zero, eight, half := YMM(), all("eight", 0x08080808), all("half", 0x0f0f0f0f)
	VPXOR(zero, zero, zero)
	lowBits, highBits := YMM(), YMM()
	VMOVDQU(constant("lowBits",
		0x00010008, 0x00010002, 0x00010003, 0x00010002, 0x00010008, 0x00010002, 0x00010003, 0x00010002), lowBits)
	VMOVDQU(constant("highBits",
		0x04050408, 0x04050406, 0x04050407, 0x04050406, 0x04050408, 0x04050406, 0x04050407, 0x04050406), highBits)
	first, at := GP64(), GP64()
	left, leaf := make([]reg.VecVirtual, halves), make([]reg.VecVirtual, halves)

	Label("tree")
	MOVL(Mem{Base: trees}, first.As32())
	MOVL(Mem{Base: trees, Disp: treeBytes}, at.As32()) // where the marks of the next tree begin
	ADDQ(marks, first)
	ADDQ(marks, at)
	SUBQ(Imm(64), at)
	for i := range halves {
		left[i], leaf[i] = YMM(), YMM()
		VMOVDQU(Mem{Base: at, Disp: 32 * i}, left[i])
		VPXOR(leaf[i], leaf[i], leaf[i])
	}
	CMPQ(at, first)
	JEQ(LabelRef("bit"))

	// From the last byte of the marks to the first: a byte that is not 0 replaces what came after it.
	Label("byte")
	SUBQ(Imm(64), at)
	for i := range halves {
		none := YMM()
		VPCMPEQB(Mem{Base: at, Disp: 32 * i}, zero, none)
		VPAND(none, left[i], left[i])
		VPOR(Mem{Base: at, Disp: 32 * i}, left[i], left[i])
		VPADDB(eight, leaf[i], leaf[i])
		VPAND(none, leaf[i], leaf[i])
	}
	CMPQ(at, first)
	JNE(LabelRef("byte"))

	// The lowest bit of a byte is the lower of those that two tables have for its halves.
	Label("bit")
	for i := range halves {
		low, high := YMM(), YMM()
		VPAND(half, left[i], low)
		VPSRLW(Imm(4), left[i], high)
		VPAND(half, high, high)
		VPSHUFB(low, lowBits, low)
		VPSHUFB(high, highBits, high)
		VPMINUB(high, low, low)
		VPADDB(low, leaf[i], leaf[i])
		VMOVDQU(leaf[i], Mem{Base: first, Disp: 32 * i})
	}
	ADDQ(Imm(treeBytes), trees)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	end()
}
