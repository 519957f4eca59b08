package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// search goes down a binary search tree of so many levels, whose splits are in registers, with eight
// rows at a time. That leads each row to a bucket, whose eight splits it is then compared with at once.
func search(levels int) {
	name := fmt.Sprint("search", levels)
	begin(name, "func(to *byte, x *float32, rule *int32, table *int32, eights int)",
		fmt.Sprintf("%s ranks 8*eights features, at most 64, among the splits of at most %d buckets.", name, 1<<levels))
	to, x, rule := Load(Param("to"), GP64()), Load(Param("x"), GP64()), Load(Param("rule"), GP64())
	table, eights := Load(Param("table"), GP64()), Load(Param("eights"), GP64())
	features := AllocLocal(32)
	buckets, below := AllocLocal(256), AllocLocal(64) // of each row: where its bucket is, and which splits of it are below
	c := newNumbering(rule)
	at, done := GP64(), GP64()
	LEAQ(buckets, at)
	XORQ(done, done)

	Label("eight")
	number := c.number(Mem{Base: x})
	VMOVDQU(number, features)
	bucket := descend(number, table, levels)
	VPSLLD(Imm(5), bucket, bucket)
	VMOVDQU(bucket, Mem{Base: at})
	for i := range 8 {
		place, n, mask := GP32(), YMM(), GP32()
		MOVL(Mem{Base: at, Disp: 4 * i}, place)
		VPBROADCASTD(features.Offset(4*i), n)
		VPCMPGTD(Mem{Base: table, Index: place.As64(), Scale: 1, Disp: 4*tableSplits - 32<<levels}, n, n)
		VMOVMSKPS(n, mask)
		MOVB(mask.As8(), below.Offset(i).Idx(done, 8))
	}
	ADDQ(Imm(32), x)
	ADDQ(Imm(32), at)
	INCQ(done)
	CMPQ(done, eights)
	JNE(LabelRef("eight"))

	LEAQ(buckets, at)
	masks := GP64()
	LEAQ(below, masks)
	Label("half")
	storeSearched(to, at, masks, levels)
	ADDQ(Imm(32), to)
	ADDQ(Imm(128), at)
	ADDQ(Imm(32), masks)
	SUBQ(Imm(4), eights)
	JG(LabelRef("half"))
	end()
}

// tableSplits is how many splits come before those of the buckets.
const tableSplits = 32

// descend returns the places of eight rows below the search tree, whose node h has the children 2h and
// 2h+1: the bucket, plus 1<<levels.
func descend(number reg.VecVirtual, table reg.Register, levels int) reg.VecVirtual {
	node, right := YMM(), YMM()
	root := YMM()
	VPBROADCASTD(Mem{Base: table, Disp: 4}, root)
	VPCMPGTD(root, number, right)
	two := all("two", 2)
	VPSUBD(right, two, node)
	for level := 1; level < levels; level++ {
		split := YMM()
		if level < 4 {
			VPERMD(Mem{Base: table, Disp: 32 * (level / 3)}, node, split)
		} else {
			upper := YMM()
			VPERMD(Mem{Base: table, Disp: 64}, node, split)
			VPERMD(Mem{Base: table, Disp: 96}, node, upper)
			second := YMM()
			VPSLLD(Imm(28), node, second) // of nodes 16 to 31, the sign says whether it is one of the second eight
			VBLENDVPS(second, upper, split, split)
		}
		right := YMM()
		VPCMPGTD(split, number, right)
		VPADDD(node, node, node)
		VPSUBD(right, node, node)
	}
	return node
}

// storeSearched stores the ranks of 32 rows: eight times the bucket, and the count of the bits in below.
func storeSearched(to, buckets, below reg.Register, levels int) {
	ranks, base := make([]reg.VecVirtual, 4), all(fmt.Sprint("base", levels), 32<<levels)
	for i := range ranks {
		ranks[i] = YMM()
		VMOVDQU(Mem{Base: buckets, Disp: 32 * i}, ranks[i])
		VPSUBD(base, ranks[i], ranks[i])
		VPSRLD(Imm(2), ranks[i], ranks[i])
	}
	rank, half, bits := pack(ranks), all("half", 0x0f0f0f0f), YMM()
	VMOVDQU(constant("bits",
		0x02010100, 0x03020201, 0x03020201, 0x04030302, 0x02010100, 0x03020201, 0x03020201, 0x04030302), bits)
	low, high := YMM(), YMM()
	VMOVDQU(Mem{Base: below}, low)
	VPSRLW(Imm(4), low, high)
	for _, h := range []reg.VecVirtual{low, high} {
		VPAND(half, h, h)
		VPSHUFB(h, bits, h)
		VPADDB(h, rank, rank)
	}
	store(to, rank)
}
