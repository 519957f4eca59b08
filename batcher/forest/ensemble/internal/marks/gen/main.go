// Command gen writes the kernels' assembly for amd64 with AVX2, and its declarations in Go. There are two
// files: one for trees of any shape, and one for oblivious trees.
//
//	GOWORK=off go run . -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg marks
//	GOWORK=off go run . -oblivious -out ../oblivious_amd64.s -stubs ../oblivious_amd64.go -pkg marks
//
// The package marks says what the functions do to the data, and with what they may be called.
package main

import (
	"flag"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	oblivious := flag.Bool("oblivious", false, "write the functions for oblivious trees")
	flag.Parse()
	if *oblivious {
		obliviousTrees()
	} else {
		anyTrees()
	}
	Generate()
}

func anyTrees() {
	transpose()
	rank()
	clear("clear64", 2)
	clear("clear32", 1)
	lowest("lowest64", 2)
	lowest("lowest32", 1)
	add("Double", "float64", 8, MOVSD, ADDSD)
	add("Single", "float32", 4, MOVSS, ADDSS)
	spread()
	addEight("Double", "float64", 8, VMOVSD, VADDSD)
	addEight("Single", "float32", 4, VMOVSS, VADDSS)
}

func obliviousTrees() {
	index("index64", 2, false)
	index("index32", 1, false)
	index("index8", 1, true)
	rankRow()
	addRow("Double", "float64", 8, MOVSD, ADDSD)
	addRow("Single", "float32", 4, MOVSS, ADDSS)
}

// begin starts a function that calls nothing and keeps no pointer.
func begin(name, signature, doc string) {
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

// end returns. Without VZEROUPPER, instructions of SSE would be slow afterwards.
func end() {
	VZEROUPPER()
	RET()
}
