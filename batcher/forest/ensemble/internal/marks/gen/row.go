package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rankRow makes the ranks of one row, column after column. How many nodes of a search tree are below a
// number says in which bucket it is, as the nodes are the last splits of the buckets: so all nodes are
// compared at once, and then the splits of the bucket.
func rankRow() {
	begin("rankRow", "func(ranks *byte, features *float32, splits *[]int32, splitsCount int)",
		"rankRow ranks features of one row, in each of some columns.")
	splits, left := Load(Param("splits"), GP64()), Load(Param("splitsCount"), GP64())
	ranks, features := Load(Param("ranks"), GP64()), Load(Param("features"), GP64())
	table, at := GP64(), GP64()

	Label("column")
	MOVQ(Mem{Base: splits, Disp: splitsTable}, table)
	MOVL(Mem{Base: splits, Disp: splitsFeature}, at.As32())
	SHRL(Imm(6), at.As32()) // from a row of 64 features to a feature
	number := YMM()
	VMOVD(numberOf(Mem{Base: features, Index: at, Scale: 1}, splits), number.AsX())
	VPBROADCASTD(number.AsX(), number)

	below := make([]reg.VecVirtual, 4)
	for i := range below {
		below[i] = YMM()
		VPCMPGTD(Mem{Base: table, Disp: 32 * i}, number, below[i])
	}
	VPACKSSDW(below[1], below[0], below[0])
	VPACKSSDW(below[3], below[2], below[2])
	VPACKSSWB(below[2], below[0], below[0])
	rank, last := GP32(), GP32()
	VPMOVMSKB(below[0], rank)
	POPCNTL(rank, rank)
	SHLL(Imm(3), rank)
	VPCMPGTD(Mem{Base: table, Index: rank.As64(), Scale: 4, Disp: 4 * tableNodes}, number, number)
	VMOVMSKPS(number, last)
	POPCNTL(last, last)
	ADDL(last, rank)
	MOVL(Mem{Base: splits, Disp: splitsColumn}, at.As32())
	SHRL(Imm(7), at.As32()) // from a column of 128 bytes to a byte
	MOVB(rank.As8(), Mem{Base: ranks, Index: at, Scale: 1})
	ADDQ(Imm(splitsBytes), splits)
	DECQ(left)
	JNZ(LabelRef("column"))
	end()
}

// numberOf returns the number of a feature.
func numberOf(x Mem, splits reg.Register) reg.GPVirtual {
	n, sign, magnitude := GP32(), GP32(), GP32()
	MOVL(x, n)
	MOVL(n, magnitude)
	MOVL(n, sign)
	ANDL(I32(0x7fffffff), magnitude)
	SARL(Imm(31), sign)
	MOVL(magnitude, n)
	XORL(sign, n)
	SUBL(sign, n)
	CMPL(magnitude, Mem{Base: splits, Disp: splitsRule})
	CMOVLLE(Mem{Base: splits, Disp: splitsRule + 4}, n)
	CMPL(magnitude, U32(0x7f800000))
	CMOVLGT(Mem{Base: splits, Disp: splitsRule + 8}, n)
	return n
}
