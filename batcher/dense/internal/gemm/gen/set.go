package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// set is what differs between the sets of instructions.
type set struct {
	name, doc string
	bytes     int // of a vector
	vector    func() reg.VecVirtual
	zero      func(r reg.VecVirtual)
	blocks    []block
}

func avx512() *set {
	s := &set{name: "avx512", doc: "avx512 multiplies a tile with 16 sums in each register.", bytes: 64, vector: ZMM}
	s.zero = func(r reg.VecVirtual) { VPXORD(r, r, r) }
	s.blocks = blocks(6)
	return s
}

func avx2() *set {
	s := &set{name: "avx2", doc: "avx2 multiplies a tile with 8 sums in each register.", bytes: 32, vector: YMM}
	s.zero = func(r reg.VecVirtual) { VXORPS(r, r, r) }
	s.blocks = blocks(3)
	return s
}

// blocks returns the blocks of a set: up to six rows with two panels, or with one. Those of more than mostPairs rows would need more registers for
// two panels than there are.
func blocks(mostPairs int) []block {
	all := []block{{1, 4, 2}}
	for rows := 6; rows > 0; rows-- {
		if rows > 1 && rows <= mostPairs {
			all = append(all, block{rows, 2, 2})
		}
		all = append(all, block{rows, 1, 2}, block{rows, 1, 1})
	}
	return all
}

const signature = "func(block, inputs, resume int, x *float32, bytesIn int, weights *float32, bytesPanel int, y *float32, bytesOut int, bias *float32, alpha, floor float32)"

// write writes the function: it goes to the code of the block that is asked for. Without
// VZEROUPPER, instructions of SSE would be slow afterwards.
func (s *set) write() {
	TEXT(s.name, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(s.doc)
	wanted := parameter("block")
	for _, b := range s.blocks {
		CMPQ(wanted, U32(b.number()))
		JEQ(LabelRef(b.label("")))
	}
	RET()
	for _, b := range s.blocks {
		s.writeBlock(b)
	}
}
