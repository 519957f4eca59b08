package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lone512 walks one row through 64 trees at once, 16 in a register. The words of the lanes are gathered.
// Ranks of up to 128 columns are in two registers, and a permutation finds them; of more columns they
// are gathered as well.
func lone512(name, goType string, many bool, size int, move, add func(ops ...Op)) {
	begin(name, fmt.Sprintf(loneSignature, goType),
		name+" walks a row through count trees, a multiple of 8, and adds the values of its leaves.")
	words, roots, firsts := Load(Param("words"), GP64()), Load(Param("roots"), GP64()), Load(Param("firsts"), GP64())
	ranks, values, count := Load(Param("ranks"), GP64()), Load(Param("values"), GP64()), Load(Param("count"), GP64())
	places := AllocLocal(4 * loneLanes)
	to, sum := Load(Param("sum"), GP64()), XMM()
	move(Mem{Base: to}, sum)
	one, split, column := all512("one", 1), all512("split", 0x00ff0000), all512("columnOf", 0xffff)
	find := inRegisters(ranks)
	if many {
		find = inMemory(ranks, column)
	}
	lanes := loneLanes / 16
	at, word := make([]reg.VecVirtual, lanes), make([]reg.VecVirtual, lanes)

	Label("trees")
	for i := range at {
		at[i] = ZMM()
		VMOVDQU32(Mem{Base: roots, Disp: 64 * i}, at[i])
	}
	moving := ZMM()
	Label("step")
	for last := range 2 {
		for i := range at {
			word[i] = gather(words, at[i], 4)
			rank, is, child, right := find(word[i]), ZMM(), ZMM(), K()
			VPSLLD(Imm(8*wordSplit), rank, rank)
			VPANDD(split, word[i], is)
			VPCMPUD(Imm(1), rank, is, right) // the split is below the rank
			VPSRLD(Imm(8*wordChild), word[i], child)
			VPADDD(child, at[i], at[i])
			VPADDD(one, at[i], right, at[i])
			if last == 1 && i == 0 {
				VMOVDQA32(child, moving)
			} else if last == 1 {
				VPORD(child, moving, moving)
			}
		}
	}
	any := K()
	VPTESTMD(moving, moving, any)
	KTESTW(any, any)
	JNZ(LabelRef("step"))

	for i := range word {
		VPANDD(column, word[i], word[i])
		VPADDD(Mem{Base: firsts, Disp: 64 * i}, word[i], word[i])
		VMOVDQU32(word[i], places.Offset(64*i))
	}
	ADDQ(U32(4*loneLanes), roots)
	ADDQ(U32(4*loneLanes), firsts)
	addPlaces(places, count, values, sum, size, add)
	TESTQ(count, count)
	JNZ(LabelRef("trees"))
	move(sum, Mem{Base: to})
	end()
}

// addPlaces adds the values at the places that the lanes found, for as many of the count trees that are left,
// and leaves in count those that remain.
func addPlaces(places Mem, count, values reg.Register, sum reg.VecVirtual, size int, add func(ops ...Op)) {
	eights, place := GP64(), GP64()
	MOVQ(U32(loneLanes), eights)
	CMPQ(count, eights)
	CMOVQLT(count, eights)
	SUBQ(eights, count)
	LEAQ(places, place)
	Label("eight")
	for i := range loneEight {
		value := GP64()
		MOVL(Mem{Base: place, Disp: 4 * i}, value.As32())
		add(Mem{Base: values, Index: value, Scale: uint8(size)}, sum, sum)
	}
	ADDQ(Imm(4*loneEight), place)
	SUBQ(Imm(loneEight), eights)
	JNZ(LabelRef("eight"))
}

// gather returns the dwords at the places of 16 lanes.
func gather(from reg.Register, at reg.VecVirtual, scale uint8) reg.VecVirtual {
	got, every := ZMM(), K()
	KXNORW(reg.K0, reg.K0, every) // all ones, whatever K0 is
	VPXORD(got, got, got)         // nothing before it matters
	VPGATHERDD(Mem{Base: from, Index: at, Scale: scale}, every, got)
	return got
}

// inRegisters returns what finds the ranks for the columns in the low 7 bits of words.
func inRegisters(ranks reg.Register) func(reg.VecVirtual) reg.VecVirtual {
	low, high, first, mask := ZMM(), ZMM(), K(), GP64()
	VMOVDQU8(Mem{Base: ranks}, low)
	VMOVDQU8(Mem{Base: ranks, Disp: 64}, high)
	MOVQ(U64(0x1111111111111111), mask) // of each lane the first byte
	KMOVQ(mask, first)
	return func(word reg.VecVirtual) reg.VecVirtual {
		rank := ZMM()
		VMOVDQA32(word, rank)
		VPERMI2B_Z(high, low, first, rank)
		return rank
	}
}

// inMemory returns what finds the ranks for the columns in the low 16 bits of words.
func inMemory(ranks reg.Register, column reg.VecVirtual) func(reg.VecVirtual) reg.VecVirtual {
	low := all512("low", 0xff)
	return func(word reg.VecVirtual) reg.VecVirtual {
		at := ZMM()
		VPANDD(column, word, at)
		rank := gather(ranks, at, 1)
		VPANDD(low, rank, rank)
		return rank
	}
}

// all512 returns a register whose dwords are all the same.
func all512(name string, dword uint32) reg.VecVirtual {
	r := ZMM()
	VPBROADCASTD(constant(name, dword), r)
	return r
}
