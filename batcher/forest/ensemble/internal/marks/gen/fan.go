package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// What is in a chunk, and where, in bytes.
const (
	fanTrees   = 16
	fanNodes   = 4
	fanSplits  = 64
	fanLeaves  = 128
	chunkBytes = 384
)

// fan makes the marks of 16 trees for one row, in the dwords of a register: for four nodes of each tree
// at once it looks up the ranks and compares them with the splits, and then four times clears marks. The
// lowest mark that is left, alone, is a power of two, whose exponent a float has in its bits.
func fan(precision, goType string, size int, move, add func(ops ...Op)) {
	begin("fan"+precision+"512", fmt.Sprintf("func(counts *uint32, groups int, chunks *byte, firsts *uint32, ranks *byte, values *%[1]s, sum *%[1]s)", goType),
		"fan"+precision+"512 adds the values of a row's leaves in groups of 16 trees, each with a count of chunks.")
	counts, groups, chunk := Load(Param("counts"), GP64()), Load(Param("groups"), GP64()), Load(Param("chunks"), GP64())
	firsts, ranks, values := Load(Param("firsts"), GP64()), Load(Param("ranks"), GP64()), Load(Param("values"), GP64())
	places := AllocLocal(4 * fanTrees)
	to, sum := Load(Param("sum"), GP64()), XMM()
	move(Mem{Base: to}, sum)
	low, high, zero, exponent := ZMM(), ZMM(), ZMM(), all512("exponent", 127)
	VMOVDQU8(Mem{Base: ranks}, low)
	VMOVDQU8(Mem{Base: ranks, Disp: 64}, high)
	VPXORD(zero, zero, zero)
	left, count := ZMM(), GP32()

	Label("group")
	VPTERNLOGD(Imm(0xff), left, left, left) // all ones
	MOVL(Mem{Base: counts}, count)
	TESTL(count, count)
	JZ(LabelRef("lowest"))
	Label("chunk")
	rank, swapped, clears := ZMM(), K(), K()
	VMOVDQU8(Mem{Base: chunk}, rank)
	VPMOVB2M(rank, swapped)
	VPERMI2B(high, low, rank)
	VPCMPUB(Imm(6), Mem{Base: chunk, Disp: fanSplits}, rank, clears) // the rank is above
	KXORQ(swapped, clears, clears)
	for i := range fanNodes {
		of := clears
		if i > 0 {
			of = K()
			KSHIFTRQ(Imm(uint64(fanTrees*i)), clears, of)
		}
		VPANDD(Mem{Base: chunk, Disp: fanLeaves + 64*i}, left, of, left)
	}
	ADDQ(U32(chunkBytes), chunk)
	DECL(count)
	JNZ(LabelRef("chunk"))

	Label("lowest")
	lowest := ZMM()
	VPSUBD(left, zero, lowest)
	VPANDD(left, lowest, lowest)
	VCVTUDQ2PS(lowest, lowest)
	VPSRLD(Imm(23), lowest, lowest)
	VPSUBD(exponent, lowest, lowest)
	VPADDD(Mem{Base: firsts}, lowest, lowest)
	VMOVDQU32(lowest, places)
	value := GP64()
	for i := range fanTrees {
		MOVL(places.Offset(4*i), value.As32())
		add(Mem{Base: values, Index: value, Scale: uint8(size)}, sum, sum)
	}
	ADDQ(Imm(4*fanTrees), firsts)
	ADDQ(Imm(4), counts)
	DECQ(groups)
	JNZ(LabelRef("group"))
	move(sum, Mem{Base: to})
	end()
}
