package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// spread repeats the ranks of eight rows, and their complements, four times each.
func spread() {
	begin("spread", "func(columns *byte, columnCount int)",
		"spread lets each of the first eight ranks of some columns, and each complement, fill four bytes.")
	column, left := Load(Param("columns"), GP64()), Load(Param("columnCount"), GP64())
	repeat := YMM()
	VMOVDQU(constant("repeat",
		0x00000000, 0x04040404, 0x08080808, 0x0c0c0c0c, 0x00000000, 0x04040404, 0x08080808, 0x0c0c0c0c), repeat)
	Label("column")
	for _, at := range []int{0, 64} {
		ranks := YMM()
		VPMOVZXBD(Mem{Base: column, Disp: at}, ranks)
		VPSHUFB(repeat, ranks, ranks)
		VMOVDQU(ranks, Mem{Base: column, Disp: at})
	}
	SUBQ(I8(-128), column) // adds 128, in fewer bytes
	DECQ(left)
	JNZ(LabelRef("column"))
	end()
}

// addEight finds the leaves of eight rows, whose marks are dwords, and adds their values to the sums,
// which are in registers, tree after tree.
func addEight(precision, goType string, size int, move, add func(ops ...Op)) {
	begin("addEight"+precision, "func(trees *uint32, treeCount int, marks *byte, values *"+goType+", sums *"+goType+")",
		"addEight"+precision+" adds the values of the lowest leaves that are left to eight rows.")
	tree, treeCount := Load(Param("trees"), GP64()), Load(Param("treeCount"), GP64())
	marks, values, sums := Load(Param("marks"), GP64()), Load(Param("values"), GP64()), Load(Param("sums"), GP64())
	before := AllocLocal(32)
	zero, word := YMM(), all("word", 32)
	VPXOR(zero, zero, zero)
	sum := make([]reg.VecVirtual, 8)
	for i := range sum {
		sum[i] = XMM()
		move(Mem{Base: sums, Disp: size * i}, sum[i])
	}
	first, at, value := GP64(), GP64(), GP64()

	Label("tree")
	MOVL(Mem{Base: tree}, first.As32())
	MOVL(Mem{Base: tree, Disp: 4}, value.As32())
	MOVL(Mem{Base: tree, Disp: treeBytes}, at.As32()) // where the marks of the next tree begin
	ADDQ(marks, first)
	LEAQ(Mem{Base: values, Index: value, Scale: uint8(size)}, value)
	LEAQ(Mem{Base: at, Index: marks, Scale: 1, Disp: -32}, at)
	CMPQ(at, first)
	JNE(LabelRef("words"))
	for i := range sum {
		leaf := GP32()
		TZCNTL(Mem{Base: first, Disp: 4 * i}, leaf)
		add(Mem{Base: value, Index: leaf.As64(), Scale: uint8(size)}, sum[i], sum[i])
	}
	Label("next")
	ADDQ(Imm(treeBytes), tree)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	for i := range sum {
		move(sum[i], Mem{Base: sums, Disp: size * i})
	}
	end()

	// From the last dword of the marks to the first: one that is not 0 replaces what came after it.
	Label("words")
	left, leaf := YMM(), YMM()
	VMOVDQU(Mem{Base: at}, left)
	VPXOR(leaf, leaf, leaf)
	Label("word")
	SUBQ(Imm(32), at)
	none := YMM()
	VPCMPEQD(Mem{Base: at}, zero, none)
	VPAND(none, left, left)
	VPOR(Mem{Base: at}, left, left)
	VPADDD(word, leaf, leaf)
	VPAND(none, leaf, leaf)
	CMPQ(at, first)
	JNE(LabelRef("word"))
	VMOVDQU(left, Mem{Base: first})
	VMOVDQU(leaf, before)
	for i := range sum {
		leaf := GP32()
		TZCNTL(Mem{Base: first, Disp: 4 * i}, leaf)
		ADDL(before.Offset(4*i), leaf)
		add(Mem{Base: value, Index: leaf.As64(), Scale: uint8(size)}, sum[i], sum[i])
	}
	JMP(LabelRef("next"))
}
