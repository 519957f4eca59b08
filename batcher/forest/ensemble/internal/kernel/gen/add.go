package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// precision is how values are added.
type precision struct {
	name, goType string
	size         int                                                       // of a value, in bytes
	four         func(values reg.Register, leaf []reg.GPVirtual, sums Mem) // adds the values of four rows
}

var (
	double = precision{"Double", "float64", 8, addDouble}
	single = precision{"Single", "float32", 4, addSingle}
)

// add finds the leaf of each of 32*halves rows in the marks, tree after tree, and adds its value.
func add(rows string, halves int, p precision) {
	name := "add" + p.name + rows
	begin(name, "func(trees *uint32, treeCount int, marks *byte, values *"+p.goType+", sums *"+p.goType+")",
		name+" adds the values of the lowest leaves that are left.")
	trees, treeCount := Load(Param("trees"), GP64()), Load(Param("treeCount"), GP64())
	marks, values, sums := Load(Param("marks"), GP64()), Load(Param("values"), GP64()), Load(Param("sums"), GP64())
	leaves := AllocLocal(32 * halves)
	zero := YMM()
	VPXOR(zero, zero, zero)
	Label("tree")
	for i, leaf := range lowest(trees, marks, zero, halves) {
		VMOVDQU(leaf, leaves.Offset(32*i))
	}
	for row := 0; row < 32*halves; row += 4 {
		leaf := make([]reg.GPVirtual, 4)
		for i := range leaf {
			leaf[i] = GP32()
			MOVBLZX(leaves.Offset(row+i), leaf[i])
		}
		p.four(values, leaf, Mem{Base: sums, Disp: p.size * row})
	}
	count := GP32()
	MOVL(Mem{Base: trees, Disp: 4}, count)
	LEAQ(Mem{Base: values, Index: count.As64(), Scale: uint8(p.size)}, values)
	ADDQ(Imm(8), trees)
	DECQ(treeCount)
	JNZ(LabelRef("tree"))
	end()
}

// lowest returns the lowest leaf that each row has left in a tree. It goes from the last byte of
// the marks to the first: a byte that is not 0 replaces what came after it.
func lowest(trees, marks reg.Register, zero reg.VecVirtual, halves int) []reg.VecVirtual {
	bytes, at, shift := GP32(), GP64(), GP64()
	MOVL(Mem{Base: trees}, bytes)
	MOVL(bytes, shift.As32())
	SHLQ(Imm(6), shift)
	ADDQ(shift, marks)
	LEAQ(Mem{Base: marks, Disp: -64}, at)
	eight := all("eight", 0x08080808)
	found, first := make([]reg.VecVirtual, halves), make([]reg.VecVirtual, halves)
	for i := range halves {
		found[i], first[i] = YMM(), YMM()
		VMOVDQU(Mem{Base: at, Disp: 32 * i}, found[i])
		VPXOR(first[i], first[i], first[i])
	}
	DECL(bytes)
	JZ(LabelRef("bit"))
	Label("byte")
	SUBQ(Imm(64), at)
	for i := range halves {
		none := YMM()
		VPCMPEQB(Mem{Base: at, Disp: 32 * i}, zero, none)
		VPAND(none, found[i], found[i])
		VPOR(Mem{Base: at, Disp: 32 * i}, found[i], found[i])
		VPADDB(eight, first[i], first[i])
		VPAND(none, first[i], first[i])
	}
	DECL(bytes)
	JNZ(LabelRef("byte"))
	Label("bit")
	for i := range halves {
		bit := lowestBit(found[i])
		VPADDB(bit, first[i], first[i])
	}
	return first
}

// lowestBit returns the place of the lowest bit that is set in each byte: the lower of those that two
// tables have for its halves.
func lowestBit(byte reg.VecVirtual) reg.VecVirtual {
	half, low, high := all("half", 0x0f0f0f0f), YMM(), YMM()
	VPAND(half, byte, low)
	VPSRLW(Imm(4), byte, high)
	VPAND(half, high, high)
	lowTable, highTable := YMM(), YMM()
	VMOVDQU(constant("lowBits", 0x00010008, 0x00010002, 0x00010003, 0x00010002, 0x00010008, 0x00010002, 0x00010003, 0x00010002), lowTable)
	VMOVDQU(constant("highBits", 0x04050408, 0x04050406, 0x04050407, 0x04050406, 0x04050408, 0x04050406, 0x04050407, 0x04050406), highTable)
	VPSHUFB(low, lowTable, low)
	VPSHUFB(high, highTable, high)
	VPMINUB(high, low, low)
	return low
}

// addDouble has registers of its own: avo holds that a register of which only the lower half was
// written is in use from the start.
func addDouble(values reg.Register, leaf []reg.GPVirtual, sums Mem) {
	low, high := reg.X14, reg.X15
	VMOVSD(value(values, leaf[0], 8), low)
	VMOVHPD(value(values, leaf[1], 8), low, low)
	VMOVSD(value(values, leaf[2], 8), high)
	VMOVHPD(value(values, leaf[3], 8), high, high)
	VINSERTF128(Imm(1), high, reg.Y14, reg.Y14)
	VADDPD(sums, reg.Y14, reg.Y14)
	VMOVUPD(reg.Y14, sums)
}

func addSingle(values reg.Register, leaf []reg.GPVirtual, sums Mem) {
	four := XMM()
	VMOVSS(value(values, leaf[0], 4), four)
	for i := 1; i < 4; i++ {
		VINSERTPS(Imm(uint64(16*i)), value(values, leaf[i], 4), four, four)
	}
	VADDPS(sums, four, four)
	VMOVUPS(four, sums)
}

func value(values reg.Register, leaf reg.GPVirtual, size uint8) Mem {
	return Mem{Base: values, Index: leaf.As64(), Scale: size}
}
