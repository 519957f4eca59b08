package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// block is how many sums are computed at once, each in a lane of a register: those of some rows for some
// panels, which are so many vectors wide.
type block struct{ rows, panels, vectors int }

func (b block) label(part string) string {
	return fmt.Sprintf("rows%dpanels%dvectors%d%s", b.rows, b.panels, b.vectors, part)
}

// sums are the registers of a block.
type sums struct {
	block
	*set
	lanes  [][]reg.VecVirtual // of each row
	factor reg.VecVirtual     // the feature of a row in every lane
}

// number is how the Go code names the block: vector.go does the same.
func (b block) number() uint64 { return uint64(b.rows<<8 | b.panels<<4 | b.vectors) }

// writeBlock writes the code of a block: begin, multiply, finish.
func (s *set) writeBlock(b block) {
	Label(b.label(""))
	p := newPlaces(s, b)
	a := sums{block: b, set: s, factor: s.vector()}
	for range b.rows {
		row := make([]reg.VecVirtual, b.panels*b.vectors)
		for i := range row {
			row[i] = s.vector()
		}
		a.lanes = append(a.lanes, row)
	}
	a.begin(p)
	a.multiply(p)
	a.finish(p)
	VZEROUPPER()
	RET()
}

// begin sets the sums to 0, or to what an earlier call has left.
func (a *sums) begin(p *places) {
	CMPQ(parameter("resume"), Imm(0))
	JNE(LabelRef(a.label("resume")))
	for _, row := range a.lanes {
		for _, sum := range row {
			a.zero(sum)
		}
	}
	JMP(LabelRef(a.label("multiply")))
	Label(a.label("resume"))
	a.each(p, func(y Mem, _ int, sum reg.VecVirtual) { VMOVUPS(y, sum) })
	Label(a.label("multiply"))
}

// unrolled is how many inputs a turn of the loop has, until fewer are left.
const unrolled = 4

// multiply adds the products of the inputs, one input after the other.
func (a *sums) multiply(p *places) {
	left := parameter("inputs")
	SUBQ(Imm(unrolled), left)
	JLT(LabelRef(a.label("few")))
	Label(a.label("loop"))
	for i := range unrolled {
		a.input(p, i)
	}
	p.advance(unrolled)
	SUBQ(Imm(unrolled), left)
	JGE(LabelRef(a.label("loop")))
	Label(a.label("few"))
	ADDQ(Imm(unrolled), left)
	JEQ(LabelRef(a.label("finish")))
	Label(a.label("each"))
	a.input(p, 0)
	p.advance(1)
	DECQ(left)
	JNE(LabelRef(a.label("each")))
	Label(a.label("finish"))
}

// input adds the products of one input. It holds the weights in registers, or the features if there
// are fewer of them; the others are read from memory where they are used.
func (a *sums) input(p *places, input int) {
	if a.rows < a.panels*a.vectors {
		a.inputOfFewRows(p, input)
		return
	}
	weights := make([]reg.VecVirtual, a.panels*a.vectors)
	for i := range weights {
		weights[i] = a.vector()
		VMOVUPS(p.weight(input, i), weights[i])
	}
	for r, row := range a.lanes {
		x := a.vector()
		VBROADCASTSS(p.x(r, input), x)
		for i, sum := range row {
			VFMADD231PS(weights[i], x, sum)
		}
	}
}

func (a *sums) inputOfFewRows(p *places, input int) {
	x := make([]reg.VecVirtual, a.rows)
	for r := range x {
		x[r] = a.vector()
		VBROADCASTSS(p.x(r, input), x[r])
	}
	for i := range a.lanes[0] {
		if a.rows == 1 {
			VFMADD231PS(p.weight(input, i), x[0], a.lanes[0][i])
			continue
		}
		weight := a.vector()
		VMOVUPS(p.weight(input, i), weight)
		for r, row := range a.lanes {
			VFMADD231PS(weight, x[r], row[i])
		}
	}
}

// broadcast writes a parameter to every lane.
func (a *sums) broadcast(name string, to reg.VecVirtual) {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, to)
}

// finish multiplies the sums by alpha, adds the bias and stores what is not below the floor. NaN and -0
// stay, as the second operand of VMAXPS, which Go writes first, does then.
func (a *sums) finish(p *places) {
	alpha, floor, bias := a.vector(), a.vector(), parameter("bias")
	a.broadcast("alpha", alpha)
	a.broadcast("floor", floor)
	a.each(p, func(y Mem, place int, sum reg.VecVirtual) {
		VFMADD213PS(Mem{Base: bias, Disp: place * a.bytes}, alpha, sum)
		VMAXPS(sum, floor, sum)
		VMOVUPS(sum, y)
	})
}

// each does something for each register of sums: with the place of its values in memory, and its number in
// a row.
func (a *sums) each(p *places, do func(y Mem, place int, sum reg.VecVirtual)) {
	y := parameter("y")
	for r, row := range a.lanes {
		for i, sum := range row {
			do(Mem{Base: y, Disp: i * a.bytes}, i, sum)
		}
		if r < len(a.lanes)-1 {
			ADDQ(p.yStride, y)
		}
	}
}
