package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// walk takes 8*eights rows through a tree, one step of all rows after the other, until all are at leaves; or
// eight rows through some trees. A register has the nodes of eight rows in a tree. So the processor waits for
// several of them at once.
func walk(name string, eights int, trees bool) {
	begin(name, "func(nodes *uint64, numbers *int32, stride *int, leaf int, leaves *uint32)",
		name+" finds the leaves to which trees lead some rows. A stride is from one block, or tree, to each next, in bytes.")
	nodes, numbers, stride := Load(Param("nodes"), GP64()), Load(Param("numbers"), GP64()), Load(Param("stride"), GP64())
	leaf, columns, lane := YMM(), all("columns", 0xffff), YMM()
	to, last := GP64(), GP64()
	Load(Param("leaf"), last)
	Load(Param("leaves"), to)
	VMOVD(last.As32(), leaf.AsX())
	VPBROADCASTD(leaf.AsX(), leaf)
	VMOVDQU(constant("lane", 0, 1, 2, 3, 4, 5, 6, 7), lane)
	at, tree, of := make([]reg.VecVirtual, eights), make([]reg.Register, eights), make([]reg.Register, eights)
	for i := range at {
		at[i], tree[i], of[i] = YMM(), nodes, numbers
		VPXOR(at[i], at[i], at[i])
		if i > 0 {
			next := GP64()
			MOVQ(Mem{Base: stride, Disp: 8 * (i - 1)}, next)
			if trees {
				ADDQ(nodes, next)
				tree[i] = next
			} else {
				ADDQ(numbers, next)
				of[i] = next
			}
		}
	}
	Label("step")
	done := YMM()
	for i := range at {
		column := gatherEight(Mem{Base: tree[i], Index: at[i], Scale: 8})
		split := gatherEight(Mem{Base: tree[i], Index: at[i], Scale: 8, Disp: 4})
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
		number := gatherEight(Mem{Base: of[i], Index: column, Scale: 4})
		VPCMPGTD(split, number, number)
		VPSUBD(number, at[i], at[i])
	}
	mask := GP32()
	VPMOVMSKB(done, mask)
	CMPL(mask, I8(-1))
	JNE(LabelRef("step"))
	for i := range at {
		VMOVDQU(gatherEight(Mem{Base: tree[i], Index: at[i], Scale: 8, Disp: 4}), Mem{Base: to, Disp: 32 * i})
	}
	end()
}

// gatherEight returns eight dwords.
func gatherEight(from Mem) reg.VecVirtual {
	mask, dwords := YMM(), YMM()
	VPCMPEQD(mask, mask, mask)
	VPXOR(dwords, dwords, dwords)
	VPGATHERDD(mask, from, dwords)
	return dwords
}
