package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var constants = map[string]Mem{}

// constant returns the place of some dwords, which it defines the first time.
func constant(name string, dwords ...uint32) Mem {
	at, known := constants[name]
	if !known {
		at = GLOBL(name, attr.RODATA|attr.NOPTR)
		for i, d := range dwords {
			DATA(4*i, U32(d))
		}
		constants[name] = at
	}
	return at
}

// all returns a register whose dwords are all the same.
func all(name string, dword uint32) reg.VecVirtual {
	r := YMM()
	VPBROADCASTD(constant(name, dword), r)
	return r
}
