package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// places are the registers that say where a block reads and writes.
type places struct {
	block
	bytes      int            // of a vector
	four       []reg.Register // the first row of each four
	by, triple reg.Register   // from a row to the next, and to the one that is three behind it
	weights    []reg.Register // of each panel
	yStride    reg.Register
}

func newPlaces(s *set, b block) *places {
	p := &places{block: b, bytes: s.bytes, yStride: parameter("bytesOut"), by: parameter("bytesIn"), triple: GP64()}
	LEAQ(Mem{Base: p.by, Index: p.by, Scale: 2}, p.triple)
	for i := 0; i < b.rows; i += 4 {
		if i == 0 {
			p.four = append(p.four, parameter("x"))
			continue
		}
		first := GP64()
		LEAQ(Mem{Base: p.four[0], Index: p.by, Scale: 4}, first)
		p.four = append(p.four, first)
	}
	p.weights = append(p.weights, parameter("weights"))
	if b.panels > 1 {
		panel := parameter("bytesPanel")
		for i := range b.panels - 1 {
			next := GP64()
			LEAQ(Mem{Base: p.weights[i], Index: panel, Scale: 1}, next)
			p.weights = append(p.weights, next)
		}
	}
	return p
}

// x is the place of a feature of a row.
func (p *places) x(row, input int) Mem {
	m := Mem{Base: p.four[row/4], Disp: 4 * input}
	switch row % 4 {
	case 1, 2:
		m.Index, m.Scale = p.by, uint8(row%4)
	case 3:
		m.Index, m.Scale = p.triple, 1
	}
	return m
}

// weight is the place of the weights of an input, in a vector of the block.
func (p *places) weight(input, vector int) Mem {
	return Mem{Base: p.weights[vector/p.vectors], Disp: p.bytes * (input*p.vectors + vector%p.vectors)}
}

// advance goes on by some inputs.
func (p *places) advance(inputs int) {
	for _, x := range p.four {
		ADDQ(I32(4*inputs), x)
	}
	for _, w := range p.weights {
		ADDQ(I32(p.bytes*p.vectors*inputs), w)
	}
}

// parameter loads a parameter of the function.
func parameter(name string) reg.Register { return Load(Param(name), GP64()) }
