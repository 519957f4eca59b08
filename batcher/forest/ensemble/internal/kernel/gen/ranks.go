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
	numbers := numbers(x, rule)
	below := make([]reg.VecVirtual, 4)
	for i := range below {
		below[i] = YMM()
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
	storeCounted(to, below)
	ADDQ(Imm(128), x)
	ADDQ(Imm(32), to)
	DECQ(halves)
	JNZ(LabelRef("half"))
	end()
}

// numbers turns 32 features into the numbers of package ensemble.
func numbers(x, rule reg.Register) []reg.VecVirtual {
	tiny, zero, nan := YMM(), YMM(), YMM()
	for i, r := range []reg.VecVirtual{tiny, zero, nan} {
		VPBROADCASTD(Mem{Base: rule, Disp: 4 * i}, r)
	}
	infinity, magnitude := all("infinity", 0x7f800000), all("magnitude", 0x7fffffff)
	numbers := make([]reg.VecVirtual, 4)
	for i := range numbers {
		sign, m, is, n := YMM(), YMM(), YMM(), YMM()
		VMOVDQU(Mem{Base: x, Disp: 32 * i}, n)
		VPAND(magnitude, n, m)
		VPSRAD(Imm(31), n, sign)
		VPXOR(sign, m, n)
		VPSUBD(sign, n, n)
		VPCMPGTD(tiny, m, is)
		VPBLENDVB(is, n, zero, n)
		VPCMPGTD(infinity, m, is)
		VPBLENDVB(is, nan, n, n)
		numbers[i] = n
	}
	return numbers
}

// storeCounted narrows 32 ranks from dwords to bytes. The two packings mix the halves of the
// registers, which the permutation undoes.
func storeCounted(to reg.Register, ranks []reg.VecVirtual) {
	VPACKSSDW(ranks[1], ranks[0], ranks[0])
	VPACKSSDW(ranks[3], ranks[2], ranks[2])
	VPACKUSWB(ranks[2], ranks[0], ranks[0])
	order := YMM()
	VMOVDQU(constant("order", 0, 4, 1, 5, 2, 6, 3, 7), order)
	VPERMD(ranks[0], order, ranks[0])
	store(to, ranks[0])
}

// store writes 32 ranks less 128, and their complements.
func store(to reg.Register, ranks reg.VecVirtual) {
	complements := YMM()
	VPXOR(all("bias", 0x80808080), ranks, ranks)
	VPXOR(all("ones", 0xffffffff), ranks, complements)
	VMOVDQU(ranks, Mem{Base: to})
	VMOVDQU(complements, Mem{Base: to, Disp: 64})
}

// search compares one number with the last splits of 16 buckets, and then with the 16 splits of the
// bucket that this leads to.
func search() {
	begin("search", "func(to *byte, x *float32, rule *int32, buckets *int32, rows int)",
		"search ranks an even number of features, at most 64, among the splits in buckets. It takes as long for few splits.")
	to, x, rule := Load(Param("to"), GP64()), Load(Param("x"), GP64()), Load(Param("rule"), GP64())
	buckets, rows := Load(Param("buckets"), GP64()), Load(Param("rows"), GP64())
	frame := AllocLocal(128 + 32)
	Label("half")
	for i, n := range numbers(x, rule) {
		VMOVDQU(n, frame.Offset(32*i))
	}
	row, stop := GP64(), GP64()
	XORQ(row, row)
	MOVQ(U32(32), stop)
	CMPQ(rows, stop)
	CMOVQLT(rows, stop)
	Label("row")
	for i := range 2 {
		n := YMM()
		VPBROADCASTD(frame.Offset(4*i).Idx(row, 4), n)
		bucket := twiceBelow(n, Mem{Base: buckets})
		SHLL(Imm(4), bucket)
		rank := twiceBelow(n, Mem{Base: buckets, Index: bucket.As64(), Scale: 2, Disp: 64})
		ADDL(bucket, rank)
		SHRL(Imm(1), rank)
		MOVB(rank.As8(), frame.Offset(128+i).Idx(row, 1))
	}
	ADDQ(Imm(2), row)
	CMPQ(row, stop)
	JNE(LabelRef("row"))
	ranks := YMM()
	VMOVDQU(frame.Offset(128), ranks)
	store(to, ranks)
	ADDQ(Imm(128), x)
	ADDQ(Imm(32), to)
	SUBQ(Imm(32), rows)
	JG(LabelRef("half"))
	end()
}

// twiceBelow returns twice the number of 16 splits below n.
func twiceBelow(n reg.VecVirtual, splits Mem) reg.GPVirtual {
	a, b, below := YMM(), YMM(), GP32()
	VPCMPGTD(splits, n, a)
	VPCMPGTD(splits.Offset(32), n, b)
	VPACKSSDW(b, a, a)
	VPMOVMSKB(a, below)
	POPCNTL(below, below)
	return below
}
