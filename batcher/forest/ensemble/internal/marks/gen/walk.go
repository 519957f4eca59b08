package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The parts of a packed node: the column times 4 in 16 bits, the place of the left child in 16, the split
// in 32.
const (
	nodeLeft  = 2
	nodeSplit = 4
)

// walkRows takes blocks of eight rows through a tree. The eight go side by side: while the processor waits
// for one's node, it works for the others. A comparison and an addition make a step, without a branch.
func walkRows() {
	begin("walkRows", "func(nodes *uint64, numbers *int32, stride int, leaf int, sure int, blocks int, next *uint64, lines int, leaves *uint32)",
		"walkRows finds the leaves to which a tree leads some blocks of rows, which lie stride bytes apart. After sure steps it looks whether all are there. For each block it asks for some lines of the next tree.")
	nodes, numbers, leaf := Load(Param("nodes"), GP64()), Load(Param("numbers"), GP64()), Load(Param("leaf"), GP64())
	left := AllocLocal(8)
	at := make([]reg.GPVirtual, 8)
	for i := range at {
		at[i] = GP64()
	}
	t, steps := GP64(), GP64()
	Load(Param("blocks"), t)
	MOVQ(t, left)

	Label("block")
	for _, row := range at {
		XORL(row.As32(), row.As32())
	}
	Load(Param("next"), t)
	Load(Param("lines"), steps)
	Label("line")
	PREFETCHT0(Mem{Base: t})
	ADDQ(Imm(64), t)
	DECQ(steps)
	JG(LabelRef("line"))
	Store(t, Param("next"))
	Load(Param("sure"), steps)
	Label("step")
	for i, row := range at {
		MOVWLZX(Mem{Base: nodes, Index: row, Scale: 8}, t.As32())
		MOVL(Mem{Base: numbers, Index: t, Scale: 8, Disp: 4 * i}, t.As32())
		CMPL(Mem{Base: nodes, Index: row, Scale: 8, Disp: nodeSplit}, t.As32())
		SETLT(t.As8())
		MOVBLZX(t.As8(), t.As32())
		MOVWLZX(Mem{Base: nodes, Index: row, Scale: 8, Disp: nodeLeft}, row.As32())
		ADDL(t.As32(), row.As32())
	}
	DECQ(steps)
	JG(LabelRef("step"))
	for _, row := range at {
		MOVWLZX(Mem{Base: nodes, Index: row, Scale: 8}, t.As32())
		CMPQ(t, leaf)
		JNE(LabelRef("step"))
	}

	Load(Param("leaves"), t)
	for i, row := range at {
		MOVL(Mem{Base: nodes, Index: row, Scale: 8, Disp: nodeSplit}, row.As32())
		MOVL(row.As32(), Mem{Base: t, Disp: 4 * i})
	}
	ADDQ(Imm(32), t)
	Store(t, Param("leaves"))
	Load(Param("stride"), t)
	ADDQ(t, numbers)
	DECQ(left)
	JNZ(LabelRef("block"))
	end()
}

// walkTrees takes eight rows through some trees at once, and walkRow one row through more. A register has
// the places in eight trees, or of eight rows in one.
func walkTrees() { gathered("walkTrees", true) }
func walkRow()   { gathered("walkRow", false) }

const registers = 4

// gathered is a walk of which each node is a gather away: so the processor waits for many at once.
func gathered(name string, rows bool) {
	doc := name + " finds the leaves to which 32 trees, whose first nodes are at these places, lead a row."
	if rows {
		doc = name + " finds the leaves to which 4 trees, whose first nodes are at these places, lead eight rows."
	}
	begin(name, "func(nodes *uint64, first *uint32, numbers *int32, leaf int, leaves *uint32)", doc)
	nodes, first, numbers, to := Load(Param("nodes"), GP64()), Load(Param("first"), GP64()), Load(Param("numbers"), GP64()), GP64()
	leaf, columns, lane := YMM(), all("columns", 0xffff), YMM()
	last := GP64()
	Load(Param("leaf"), last)
	Load(Param("leaves"), to)
	VMOVD(last.As32(), leaf.AsX())
	VPBROADCASTD(leaf.AsX(), leaf)
	if rows {
		VMOVDQU(constant("lane", 0, 1, 2, 3, 4, 5, 6, 7), lane)
	}
	at, root := make([]reg.VecVirtual, registers), make([]reg.VecVirtual, registers)
	for i := range at {
		at[i], root[i] = YMM(), YMM()
		if rows {
			VPBROADCASTD(Mem{Base: first, Disp: 4 * i}, root[i])
		} else {
			VMOVDQU(Mem{Base: first, Disp: 32 * i}, root[i])
		}
		VMOVDQA(root[i], at[i])
	}
	Label("step")
	done := YMM()
	for i := range at {
		column := gatherEight(Mem{Base: nodes, Index: at[i], Scale: 8})
		split := gatherEight(Mem{Base: nodes, Index: at[i], Scale: 8, Disp: nodeSplit})
		VPSRLD(Imm(16), column, at[i])
		VPAND(columns, column, column)
		arrived := done
		if i > 0 {
			arrived = YMM()
		}
		VPCMPEQD(leaf, column, arrived)
		if i > 0 {
			VPAND(arrived, done, done)
		}
		of := Mem{Base: numbers, Index: column, Scale: 1}
		if rows {
			VPADDD(column, column, column)
			VPADDD(lane, column, column)
			of.Scale = 4
		}
		number := gatherEight(of)
		VPCMPGTD(split, number, number)
		VPADDD(root[i], at[i], at[i])
		VPSUBD(number, at[i], at[i])
	}
	mask := GP32()
	VPMOVMSKB(done, mask)
	CMPL(mask, I8(-1))
	JNE(LabelRef("step"))
	for i := range at {
		VMOVDQU(gatherEight(Mem{Base: nodes, Index: at[i], Scale: 8, Disp: nodeSplit}), Mem{Base: to, Disp: 32 * i})
	}
	end()
}

// gatherEight returns eight dwords.
func gatherEight(from Mem) reg.VecVirtual {
	mask, dwords := YMM(), YMM()
	VPCMPEQD(mask, mask, mask)
	VPXOR(dwords, dwords, dwords)
	VPGATHERDD(mask, from, dwords)
	return dwords
}
