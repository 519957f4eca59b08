package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Where the fields of Splits are, in bytes. The package marks checks them when it is compiled.
const (
	splitsTable   = 0
	splitsCount   = 24
	splitsBase    = 28
	splitsRule    = 32
	splitsFeature = 44
	splitsColumn  = 48
	splitsBytes   = 56
)

// rank makes the ranks of some columns, one after the other. Few splits are counted, many are searched.
func rank() {
	begin("rank", "func(columns *byte, features *float32, splits *[]int32, splitsCount int, eights int, few int)",
		"rank ranks 8*eights features, at most 64, in each of some columns. It counts up to few splits.")
	splits, left := Load(Param("splits"), GP64()), Load(Param("splitsCount"), GP64())
	columns, features := Load(Param("columns"), GP64()), Load(Param("features"), GP64())
	eights, few := Load(Param("eights"), GP64()), GP64()
	Load(Param("few"), few)
	scratch := newScratch()

	Label("column")
	table, to, x, count := GP64(), GP64(), GP64(), GP32()
	MOVL(Mem{Base: splits, Disp: splitsColumn}, to.As32())
	ADDQ(columns, to)
	MOVL(Mem{Base: splits, Disp: splitsFeature}, x.As32())
	ADDQ(features, x)
	MOVQ(Mem{Base: splits, Disp: splitsTable}, table)
	MOVL(Mem{Base: splits, Disp: splitsCount}, count)
	n := newNumbering(splits)
	CMPL(count, few.As32())
	JG(LabelRef("search"))
	countSplits(n, table, to, x, count, eights)
	JMP(LabelRef("next"))
	Label("search")
	searchSplits(n, scratch, splits, table, to, x, eights)
	Label("next")
	ADDQ(Imm(splitsBytes), splits)
	DECQ(left)
	JNZ(LabelRef("column"))
	end()
}

// numbering turns features into the numbers of package ensemble. It holds constants.
type numbering struct{ tiny, zero, nan, infinity, magnitude reg.VecVirtual }

func newNumbering(splits reg.Register) numbering {
	n := numbering{YMM(), YMM(), YMM(), all("infinity", 0x7f800000), all("magnitude", 0x7fffffff)}
	for i, r := range []reg.VecVirtual{n.tiny, n.zero, n.nan} {
		VPBROADCASTD(Mem{Base: splits, Disp: splitsRule + 4*i}, r)
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
