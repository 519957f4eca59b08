package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tableNodes is how many splits of the search tree come before those of the buckets.
const tableNodes = 32

// scratch is what a search remembers of 64 rows.
type scratch struct {
	numbers Mem // of eight rows
	buckets Mem // where the bucket of each row is
	below   Mem // which splits of the bucket are below each row's number, one bit for each
}

func newScratch() scratch { return scratch{AllocLocal(32), AllocLocal(256), AllocLocal(64)} }

// searchSplits goes down a search tree whose splits are in registers, with eight rows at a time. That
// leads each row to a bucket, whose eight splits it is then compared with at once.
func searchSplits(n numbering, s scratch, splits, table, to, x, eights reg.Register) {
	at, done := GP64(), GP64()
	LEAQ(s.buckets, at)
	XORQ(done, done)
	Label("eight")
	number := n.number(Mem{Base: x})
	VMOVDQU(number, s.numbers)
	VMOVDQU(descend(number, table, Mem{Base: splits, Disp: splitsBase}), Mem{Base: at})
	for i := range 8 {
		bucket, number, below := GP32(), YMM(), GP32()
		MOVL(Mem{Base: at, Disp: 4 * i}, bucket)
		VPBROADCASTD(s.numbers.Offset(4*i), number)
		VPCMPGTD(Mem{Base: table, Index: bucket.As64(), Scale: 1, Disp: 4 * tableNodes}, number, number)
		VMOVMSKPS(number, below)
		MOVB(below.As8(), s.below.Offset(i).Idx(done, 8))
	}
	ADDQ(Imm(32), x)
	ADDQ(Imm(32), at)
	INCQ(done)
	CMPQ(done, eights)
	JNE(LabelRef("eight"))

	LEAQ(s.buckets, at)
	masks := GP64()
	LEAQ(s.below, masks)
	Label("searched")
	storeSearched(to, at, masks)
	ADDQ(Imm(128), at)
	ADDQ(Imm(32), masks)
	ADDQ(Imm(32), to)
	SUBQ(Imm(4), done)
	JG(LabelRef("searched"))
}

// descend returns the places of the buckets of eight rows, in bytes. Node h of the search tree, whose
// root is 1, has the children 2h and 2h+1. base is 32 times the node to which the first bucket belongs,
// and says how many levels there are: 3, 4 or 5.
func descend(number reg.VecVirtual, table reg.Register, base Mem) reg.VecVirtual {
	node := all("one", 1)
	split := YMM()
	VPBROADCASTD(Mem{Base: table, Disp: 4}, split)
	down(number, split, node)
	for range 2 { // nodes 2 to 7
		VPERMD(Mem{Base: table}, node, split)
		down(number, split, node)
	}
	CMPL(base, U32(32<<3))
	JEQ(LabelRef("bucket"))
	VPERMD(Mem{Base: table, Disp: 32}, node, split) // nodes 8 to 15: a permutation looks at three bits
	down(number, split, node)
	CMPL(base, U32(32<<4))
	JEQ(LabelRef("bucket"))
	upper, second := YMM(), YMM()
	VPERMD(Mem{Base: table, Disp: 64}, node, split) // nodes 16 to 23
	VPERMD(Mem{Base: table, Disp: 96}, node, upper) // nodes 24 to 31
	VPSLLD(Imm(28), node, second)                   // the sign says which
	VBLENDVPS(second, upper, split, split)
	down(number, split, node)
	Label("bucket")
	first := YMM()
	VPBROADCASTD(base, first)
	VPSLLD(Imm(5), node, node)
	VPSUBD(first, node, node)
	return node
}

// down goes to the right child in the lanes whose number is above the split, and else to the left.
func down(number, split, node reg.VecVirtual) {
	right := YMM()
	VPCMPGTD(split, number, right)
	VPADDD(node, node, node)
	VPSUBD(right, node, node)
}

// storeSearched stores the ranks of 32 rows: eight times the bucket, and the count of the bits in below.
func storeSearched(to, buckets, below reg.Register) {
	ranks := make([]reg.VecVirtual, 4)
	for i := range ranks {
		ranks[i] = YMM()
		VMOVDQU(Mem{Base: buckets, Disp: 32 * i}, ranks[i])
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
