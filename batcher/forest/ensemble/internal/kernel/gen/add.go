package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// precision is how values are added.
type precision struct {
	name, goType string
	size         int                                 // of a value, in bytes
	four         func(values reg.Register, sums Mem) // adds the values of the leaves in the indexes
}

var (
	double = precision{"Double", "float64", 8, addDouble}
	single = precision{"Single", "float32", 4, addSingle}
)

// add finds the leaf of each of 32*halves rows in the marks, tree after tree, and adds the values of
// 8*eights rows.
func add(rows string, halves int, p precision) {
	name := "add" + p.name + rows
	begin(name, "func(trees *uint32, treeCount int, marks *byte, values *"+p.goType+", sums *"+p.goType+", eights int)",
		name+" adds the values of the lowest leaves that are left to 8*eights rows, at most "+rows+".")
	trees, treeCount := Load(Param("trees"), GP64()), Load(Param("treeCount"), GP64())
	marks, values := Load(Param("marks"), GP64()), Load(Param("values"), GP64())
	sums, eights := Load(Param("sums"), GP64()), Load(Param("eights"), GP64())
	leaves := AllocLocal(32 * halves)
	c := newLowest()

	Label("tree")
	for i, leaf := range c.leaves(trees, marks, halves) {
		VMOVDQU(leaf, leaves.Offset(32*i))
	}
	at, sum := GP64(), GP64()
	XORQ(at, at)
	MOVQ(sums, sum)
	Label("eight")
	MOVQ(leaves.Idx(at, 8), reg.RAX)
	p.four(values, Mem{Base: sum})
	SHRQ(Imm(16), reg.RAX)
	p.four(values, Mem{Base: sum, Disp: 4 * p.size})
	ADDQ(Imm(uint64(8*p.size)), sum)
	INCQ(at)
	CMPQ(at, eights)
	JNE(LabelRef("eight"))

	count := GP32()
	MOVL(Mem{Base: trees, Disp: 4}, count)
	LEAQ(Mem{Base: values, Index: count.As64(), Scale: uint8(p.size)}, values)
	ADDQ(Imm(8), trees)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	end()
}

// indexes are where leavesOf puts the leaves of four rows: only these registers can take a byte from the
// upper half of AX.
var indexes = []reg.GPPhysical{reg.RDX, reg.RBX, reg.RSI, reg.RDI}

// leavesOf takes the leaves of four rows from the lower half of RAX, and leaves the other four but for
// a shift.
func leavesOf() {
	MOVBLZX(reg.AL, indexes[0].As32())
	MOVBLZX(reg.AH, indexes[1].As32())
	SHRQ(Imm(16), reg.RAX)
	MOVBLZX(reg.AL, indexes[2].As32())
	MOVBLZX(reg.AH, indexes[3].As32())
}

// addDouble has registers of its own: avo holds that a register of which only the lower half was
// written is in use from the start.
func addDouble(values reg.Register, sums Mem) {
	leavesOf()
	low, high := reg.X14, reg.X15
	VMOVSD(value(values, 0, 8), low)
	VMOVHPD(value(values, 1, 8), low, low)
	VMOVSD(value(values, 2, 8), high)
	VMOVHPD(value(values, 3, 8), high, high)
	VINSERTF128(Imm(1), high, reg.Y14, reg.Y14)
	VADDPD(sums, reg.Y14, reg.Y14)
	VMOVUPD(reg.Y14, sums)
}

func addSingle(values reg.Register, sums Mem) {
	leavesOf()
	four := XMM()
	VMOVSS(value(values, 0, 4), four)
	for i := 1; i < 4; i++ {
		VINSERTPS(Imm(uint64(16*i)), value(values, i, 4), four, four)
	}
	VADDPS(sums, four, four)
	VMOVUPS(four, sums)
}

func value(values reg.Register, i int, size uint8) Mem {
	return Mem{Base: values, Index: indexes[i], Scale: size}
}
