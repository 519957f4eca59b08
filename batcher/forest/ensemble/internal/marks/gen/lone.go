package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Where the parts of a word are, in bytes, behind the column.
const (
	wordSplit = 2
	wordChild = 3
)

// loneLanes is how many trees AVX-512 walks at once, and loneEight how many are walked without.
const (
	loneLanes = 64
	loneEight = 8
)

const loneSignature = "func(words *uint32, roots *uint32, firsts *uint32, count int, ranks *byte, values *%[1]s, sum *%[1]s)"

// lone walks one row through eight trees at once. Each step is five instructions: a comparison says by
// its carry whether the row goes right, and an addition with carry goes to the child. Rows that have
// arrived stay where they are.
func lone(precision, goType string, size int, move, add func(ops ...Op)) {
	begin("lone"+precision, fmt.Sprintf(loneSignature, goType),
		"lone"+precision+" walks a row through count trees, a multiple of 8, and adds the values of its leaves.")
	words, roots, ranks := Load(Param("words"), GP64()), Load(Param("roots"), GP64()), Load(Param("ranks"), GP64())
	left, behind := AllocLocal(8), AllocLocal(8) // the trees that are left, and how far the firsts are behind the roots
	t := GP64()
	Load(Param("count"), t)
	MOVQ(t, left)
	Load(Param("firsts"), t)
	SUBQ(roots, t)
	MOVQ(t, behind)
	sum := XMM()
	at := GP64()
	Load(Param("sum"), at)
	move(Mem{Base: at}, sum)
	lanes := make([]reg.GPVirtual, loneEight)
	for i := range lanes {
		lanes[i] = GP64()
	}

	Label("trees")
	for i, l := range lanes {
		MOVL(Mem{Base: roots, Disp: 4 * i}, l.As32())
	}
	moving := GP32()
	Label("step")
	for last := range 2 {
		for i, l := range lanes {
			column, child := GP64(), GP32()
			MOVWLZX(Mem{Base: words, Index: l, Scale: 4}, column.As32())
			MOVBLZX(Mem{Base: words, Index: l, Scale: 4, Disp: wordChild}, child)
			if last == 1 && i == 0 {
				MOVL(child, moving)
			} else if last == 1 {
				ORL(child, moving)
			}
			MOVBLZX(Mem{Base: ranks, Index: column, Scale: 1}, column.As32())
			CMPB(Mem{Base: words, Index: l, Scale: 4, Disp: wordSplit}, column.As8())
			ADCL(child, l.As32())
		}
	}
	TESTL(moving, moving)
	JNZ(LabelRef("step"))
	values, firsts := GP64(), GP64()
	Load(Param("values"), values)
	MOVQ(behind, firsts)
	ADDQ(roots, firsts)
	for i, l := range lanes {
		MOVWLZX(Mem{Base: words, Index: l, Scale: 4}, l.As32())
		ADDL(Mem{Base: firsts, Disp: 4 * i}, l.As32())
		add(Mem{Base: values, Index: l, Scale: uint8(size)}, sum, sum)
	}
	ADDQ(Imm(4*loneEight), roots)
	SUBQ(Imm(loneEight), left)
	JNZ(LabelRef("trees"))
	to := GP64()
	Load(Param("sum"), to)
	move(sum, Mem{Base: to})
	end()
}
