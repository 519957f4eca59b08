package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// walk takes 8*eights rows through a tree, one step of all rows after the other, until all are at leaves.
// A register has the nodes of eight rows. More of them are in flight at once than a processor waits for.
func walk(name string, eights int) {
	begin(name, "func(nodes *uint64, numbers *int32, strideBytes int, leaf int, leaves *uint32)",
		name+" finds the leaves to which a tree leads some rows.")
	nodes, numbers, stride := Load(Param("nodes"), GP64()), Load(Param("numbers"), GP64()), Load(Param("strideBytes"), GP64())
	leaf, columns, lane := YMM(), all("columns", 0xffff), YMM()
	to, last := GP64(), GP64()
	Load(Param("leaf"), last)
	Load(Param("leaves"), to)
	VMOVD(last.As32(), leaf.AsX())
	VPBROADCASTD(leaf.AsX(), leaf)
	VMOVDQU(constant("lane", 0, 1, 2, 3, 4, 5, 6, 7), lane)
	at, of := make([]reg.VecVirtual, eights), make([]reg.Register, eights)
	for i := range at {
		at[i], of[i] = YMM(), numbers
		VPXOR(at[i], at[i], at[i])
		if i > 0 {
			of[i] = GP64()
			LEAQ(Mem{Base: of[i-1], Index: stride, Scale: 1}, of[i])
		}
	}
	Label("step")
	done := YMM()
	for i := range at {
		column := gather(Mem{Base: nodes, Index: at[i], Scale: 8})
		split := gather(Mem{Base: nodes, Index: at[i], Scale: 8, Disp: 4})
		VPSRLD(Imm(16), column, at[i])
		VPAND(columns, column, column)
		arrived := done
		if i > 0 {
			arrived = YMM()
		}
		VPCMPEQD(leaf, column, arrived)
		if i > 0 {
			VPAND(arrived, done, done)
		}
		VPSLLD(Imm(3), column, column)
		VPADDD(lane, column, column)
		number := gather(Mem{Base: of[i], Index: column, Scale: 4})
		VPCMPGTD(split, number, number)
		VPSUBD(number, at[i], at[i])
	}
	mask := GP32()
	VPMOVMSKB(done, mask)
	CMPL(mask, I8(-1))
	JNE(LabelRef("step"))
	for i := range at {
		VMOVDQU(gather(Mem{Base: nodes, Index: at[i], Scale: 8, Disp: 4}), Mem{Base: to, Disp: 32 * i})
	}
	end()
}

// gather returns eight dwords.
func gather(from Mem) reg.VecVirtual {
	mask, dwords := YMM(), YMM()
	VPCMPEQD(mask, mask, mask)
	VPXOR(dwords, dwords, dwords)
	VPGATHERDD(mask, from, dwords)
	return dwords
}
