package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// treeBytes is the size of what add and lowest know of a tree: the places of its marks and of its values.
const treeBytes = 8

// add adds the values of the rows' leaves to their sums, which are in registers: tree after tree for 16
// rows at once, or for the last eight. The instructions are those of SSE, as with an index and two
// operands only these remain one step of a processor by Intel; and all of AVX have been followed by
// VZEROUPPER.
func add(precision, goType string, size int, move, add func(from, to Op)) {
	begin("add"+precision, "func(trees *uint32, treeCount int, leaves *byte, values *"+goType+", sums *"+goType+", eights int)",
		"add"+precision+" adds the values of the leaves of 8*eights rows.")
	trees, treeCount := Load(Param("trees"), GP64()), Load(Param("treeCount"), GP64())
	leaves, values := Load(Param("leaves"), GP64()), Load(Param("values"), GP64())
	sums, eights := Load(Param("sums"), GP64()), Load(Param("eights"), GP64())
	stop := GP64()
	LEAQ(Mem{Base: trees, Index: treeCount, Scale: treeBytes}, stop)
	Label("rows")
	CMPQ(eights, Imm(1))
	JLT(LabelRef("done"))
	JEQ(LabelRef("eight"))
	for _, rows := range []int{16, 8} {
		names := map[int]string{16: "sixteen", 8: "eight"}
		Label(names[rows])
		sum := make([]reg.VecVirtual, rows)
		for i := range sum {
			sum[i] = XMM()
			move(Mem{Base: sums, Disp: size * i}, sum[i])
		}
		tree, value := GP64(), GP64()
		MOVQ(trees, tree)
		Label(names[rows] + "Rows")
		MOVL(Mem{Base: tree}, reg.EAX)
		MOVL(Mem{Base: tree, Disp: 4}, value.As32())
		LEAQ(Mem{Base: values, Index: value, Scale: uint8(size)}, value)
		if rows == 16 {
			MOVQ(Mem{Base: leaves, Index: reg.RAX, Scale: 1, Disp: 8}, reg.RCX)
		}
		MOVQ(Mem{Base: leaves, Index: reg.RAX, Scale: 1}, reg.RAX)
		eachLeaf(rows, func(row int, leaf reg.Register) {
			add(Mem{Base: value, Index: leaf, Scale: uint8(size)}, sum[row])
		})
		ADDQ(Imm(treeBytes), tree)
		CMPQ(tree, stop)
		JNE(LabelRef(names[rows] + "Rows"))
		for i := range sum {
			move(sum[i], Mem{Base: sums, Disp: size * i})
		}
		ADDQ(Imm(uint64(rows*size)), sums)
		ADDQ(Imm(uint64(rows)), leaves)
		SUBQ(Imm(uint64(rows/8)), eights)
		JMP(LabelRef("rows"))
	}
	Label("done")
	RET()
}

// eachLeaf takes bytes from RAX and RCX. Only the first registers have a name for their second byte,
// and it can only go to one of them.
func eachLeaf(rows int, do func(row int, leaf reg.Register)) {
	bytes := []struct {
		all         reg.Register
		first, next reg.Register
	}{{reg.RAX, reg.AL, reg.AH}, {reg.RCX, reg.CL, reg.CH}}
	for row := 0; row < rows; row += 2 {
		from := bytes[row/8]
		MOVBLZX(from.first, reg.EDX)
		MOVBLZX(from.next, reg.EBX)
		if row%8 != 6 {
			SHRQ(Imm(16), from.all)
		}
		do(row, reg.RDX)
		do(row+1, reg.RBX)
	}
}
