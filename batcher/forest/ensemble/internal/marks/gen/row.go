package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rankRow finds the ranks of one row. The splits of the search tree, in whatever order, are the last of
// the buckets: so as many as are below a number come before its bucket, and then as many of the bucket
// are counted.
func rankRow() {
	begin("rankRow", "func(ranks *byte, row *float32, rowBytes int, splits *[]int32, splitsCount int) int",
		"rankRow writes the complement of a row's rank in each of some columns. It stops at a feature that the row does not have, and returns how many columns come before.")
	ranks, row, bytes := Load(Param("ranks"), GP64()), Load(Param("row"), GP64()), Load(Param("rowBytes"), GP64())
	splits, left := Load(Param("splits"), GP64()), Load(Param("splitsCount"), GP64())
	done := GP64()
	XORQ(done, done)

	Label("column")
	at, sign, magnitude, number := GP64(), GP32(), GP32(), GP32()
	MOVL(Mem{Base: splits, Disp: splitsAt}, at.As32())
	CMPQ(at, bytes)
	JAE(LabelRef("done"))
	MOVL(Mem{Base: row, Index: at, Scale: 1}, number)
	MOVL(number, magnitude)
	MOVL(number, sign)
	ANDL(U32(0x7fffffff), magnitude)
	SARL(Imm(31), sign)
	MOVL(magnitude, number)
	XORL(sign, number)
	SUBL(sign, number)
	CMPL(magnitude, Mem{Base: splits, Disp: splitsRule})
	CMOVLLE(Mem{Base: splits, Disp: splitsRule + 4}, number)
	CMPL(magnitude, U32(0x7f800000))
	CMOVLGT(Mem{Base: splits, Disp: splitsRule + 8}, number)

	table, x := GP64(), YMM()
	MOVQ(Mem{Base: splits, Disp: splitsTable}, table)
	VMOVD(number, x.AsX())
	VPBROADCASTD(x.AsX(), x)
	below := [4]reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
	for i, b := range below {
		VPCMPGTD(Mem{Base: table, Disp: 32 * i}, x, b)
	}
	VPACKSSDW(below[1], below[0], below[0])
	VPACKSSDW(below[3], below[2], below[2])
	VPACKSSWB(below[2], below[0], below[0])
	bucket, inBucket, rank := at, GP64(), table // not registers of their own, as there are few
	VPMOVMSKB(below[0], bucket.As32())
	POPCNTL(bucket.As32(), bucket.As32())
	SHLL(Imm(5), bucket.As32())
	VPCMPGTD(Mem{Base: table, Index: bucket, Scale: 1, Disp: 4 * tableNodes}, x, x)
	VMOVMSKPS(x, inBucket.As32())
	POPCNTL(inBucket.As32(), inBucket.As32())
	SHRL(Imm(2), bucket.As32())
	LEAL(Mem{Base: bucket, Index: inBucket, Scale: 1}, rank.As32())
	NOTL(rank.As32())
	column := at
	MOVL(Mem{Base: splits, Disp: splitsColumn}, column.As32())
	SHRL(Imm(7), column.As32()) // of 128 bytes each
	MOVB(rank.As8(), Mem{Base: ranks, Index: column, Scale: 1})
	ADDQ(Imm(splitsBytes), splits)
	INCQ(done)
	DECQ(left)
	JNZ(LabelRef("column"))
	Label("done")
	Store(done, ReturnIndex(0))
	end()
}
