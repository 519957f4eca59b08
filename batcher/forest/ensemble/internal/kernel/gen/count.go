package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// count compares 32 numbers with each split, and counts in each lane the splits below.
func count() {
	begin("count", "func(to *byte, x *float32, rule *int32, splits *int32, splitCount int, halves int)",
		"count ranks 32*halves features among some splits. It takes a time that grows with the splits.")
	to, x, rule := Load(Param("to"), GP64()), Load(Param("x"), GP64()), Load(Param("rule"), GP64())
	splits, splitCount := Load(Param("splits"), GP64()), Load(Param("splitCount"), GP64())
	halves := Load(Param("halves"), GP64())
	Label("half")
	n := newNumbering(rule)
	numbers, below := make([]reg.VecVirtual, 4), make([]reg.VecVirtual, 4)
	for i := range below {
		numbers[i], below[i] = n.number(Mem{Base: x, Disp: 32 * i}), YMM()
		VPXOR(below[i], below[i], below[i])
	}
	at, left := GP64(), GP64()
	MOVQ(splits, at)
	MOVQ(splitCount, left)
	Label("split")
	split := YMM()
	VPBROADCASTD(Mem{Base: at}, split)
	for i := range below {
		minusOne := YMM()
		VPCMPGTD(split, numbers[i], minusOne)
		VPSUBD(minusOne, below[i], below[i])
	}
	ADDQ(Imm(4), at)
	DECQ(left)
	JNZ(LabelRef("split"))
	store(to, pack(below))
	ADDQ(Imm(128), x)
	ADDQ(Imm(32), to)
	DECQ(halves)
	JNZ(LabelRef("half"))
	end()
}

// numbering turns features into the numbers of package ensemble. It holds constants.
type numbering struct{ tiny, zero, nan, infinity, magnitude reg.VecVirtual }

func newNumbering(rule reg.Register) numbering {
	n := numbering{YMM(), YMM(), YMM(), all("infinity", 0x7f800000), all("magnitude", 0x7fffffff)}
	for i, r := range []reg.VecVirtual{n.tiny, n.zero, n.nan} {
		VPBROADCASTD(Mem{Base: rule, Disp: 4 * i}, r)
	}
	return n
}

// number returns the numbers of eight features.
func (c *numbering) number(x Mem) reg.VecVirtual {
	sign, magnitude, is, n := YMM(), YMM(), YMM(), YMM()
	VMOVDQU(x, n)
	VPAND(c.magnitude, n, magnitude)
	VPSRAD(Imm(31), n, sign)
	VPXOR(sign, magnitude, n)
	VPSUBD(sign, n, n)
	VPCMPGTD(c.tiny, magnitude, is)
	VPBLENDVB(is, n, c.zero, n)
	VPCMPGTD(c.infinity, magnitude, is)
	VPBLENDVB(is, c.nan, n, n)
	return n
}

// pack narrows 32 ranks from dwords to bytes. The two packings mix the halves of the registers, which
// the permutation undoes.
func pack(ranks []reg.VecVirtual) reg.VecVirtual {
	VPACKSSDW(ranks[1], ranks[0], ranks[0])
	VPACKSSDW(ranks[3], ranks[2], ranks[2])
	VPACKUSWB(ranks[2], ranks[0], ranks[0])
	order := YMM()
	VMOVDQU(constant("order", 0, 4, 1, 5, 2, 6, 3, 7), order)
	VPERMD(ranks[0], order, ranks[0])
	return ranks[0]
}

// store writes 32 ranks less 128, and their complements.
func store(to reg.Register, ranks reg.VecVirtual) {
	complements := YMM()
	VPXOR(all("bias", 0x80808080), ranks, ranks)
	VPXOR(all("ones", 0xffffffff), ranks, complements)
	VMOVDQU(ranks, Mem{Base: to})
	VMOVDQU(complements, Mem{Base: to, Disp: 64})
}
