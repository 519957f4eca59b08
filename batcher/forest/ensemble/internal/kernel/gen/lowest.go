package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lowest finds the lowest leaf that is left to each row. It holds constants.
type lowest struct{ zero, eight, half, lowBits, highBits reg.VecVirtual }

func newLowest() lowest {
	c := lowest{YMM(), all("eight", 0x08080808), all("half", 0x0f0f0f0f), YMM(), YMM()}
	VPXOR(c.zero, c.zero, c.zero)
	VMOVDQU(constant("lowBits",
		0x00010008, 0x00010002, 0x00010003, 0x00010002, 0x00010008, 0x00010002, 0x00010003, 0x00010002), c.lowBits)
	VMOVDQU(constant("highBits",
		0x04050408, 0x04050406, 0x04050407, 0x04050406, 0x04050408, 0x04050406, 0x04050407, 0x04050406), c.highBits)
	return c
}

// leaves returns the leaves of 32*halves rows in the next tree. It goes from the last byte of the marks
// to the first: a byte that is not 0 replaces what came after it.
func (c *lowest) leaves(trees, marks reg.Register, halves int) []reg.VecVirtual {
	bytes, at, size := GP32(), GP64(), GP32()
	MOVL(Mem{Base: trees}, bytes)
	MOVL(bytes, size)
	SHLL(Imm(6), size)
	ADDQ(size.As64(), marks)
	LEAQ(Mem{Base: marks, Disp: -64}, at)
	found, leaf := make([]reg.VecVirtual, halves), make([]reg.VecVirtual, halves)
	for i := range halves {
		found[i], leaf[i] = YMM(), YMM()
		VMOVDQU(Mem{Base: at, Disp: 32 * i}, found[i])
		VPXOR(leaf[i], leaf[i], leaf[i])
	}
	DECL(bytes)
	JZ(LabelRef("bit"))
	Label("byte")
	SUBQ(Imm(64), at)
	for i := range halves {
		none := YMM()
		VPCMPEQB(Mem{Base: at, Disp: 32 * i}, c.zero, none)
		VPAND(none, found[i], found[i])
		VPOR(Mem{Base: at, Disp: 32 * i}, found[i], found[i])
		VPADDB(c.eight, leaf[i], leaf[i])
		VPAND(none, leaf[i], leaf[i])
	}
	DECL(bytes)
	JNZ(LabelRef("byte"))
	Label("bit")
	for i := range halves {
		VPADDB(c.bit(found[i]), leaf[i], leaf[i])
	}
	return leaf
}

// bit returns the place of the lowest bit that is set in each byte: the lower of those that two tables
// have for its halves.
func (c *lowest) bit(byte reg.VecVirtual) reg.VecVirtual {
	low, high := YMM(), YMM()
	VPAND(c.half, byte, low)
	VPSRLW(Imm(4), byte, high)
	VPAND(c.half, high, high)
	VPSHUFB(low, c.lowBits, low)
	VPSHUFB(high, c.highBits, high)
	VPMINUB(high, low, low)
	return low
}
