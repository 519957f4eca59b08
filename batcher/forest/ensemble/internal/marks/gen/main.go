// Command gen writes the kernels' assembly for amd64, and its declarations in Go. There are some sets of
// functions, each with files of its own:
//
//	GOWORK=off go run . -set avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg marks
//
// The package marks says what the functions do to the data, and with what they may be called.
package main

import (
	"flag"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	set := flag.String("set", "avx2", "which functions: avx2, avx512, oblivious or walk")
	flag.Parse()
	switch *set {
	case "avx512":
		withAVX512()
	case "oblivious":
		obliviousTrees()
	case "walk":
		walkRows()
		walkTrees()
		walkRow()
	default:
		anyTrees()
	}
	Generate()
}

func anyTrees() {
	transpose()
	rank()
	clear("clear64", 2, entry)
	clear("clear32", 1, entry)
	lowest("lowest64", 2)
	lowest("lowest32", 1)
	add("Double", "float64", 8, MOVSD, ADDSD)
	add("Single", "float32", 4, MOVSS, ADDSS)
	spread()
	addEight("Double", "float64", 8, VMOVSD, VADDSD)
	addEight("Single", "float32", 4, VMOVSS, VADDSS)
	lone("Double", "float64", 8, VMOVSD, VADDSD)
	lone("Single", "float32", 4, VMOVSS, VADDSS)
}

func withAVX512() {
	clear("clear64AVX512", 2, entry512)
	clear("clear32AVX512", 1, entry512)
	fan("Double", "float64", 8, VMOVSD, VADDSD)
	fan("Single", "float32", 4, VMOVSS, VADDSS)
	for _, many := range []bool{false, true} {
		name := map[bool]string{false: "lone", true: "loneMany"}[many]
		lone512(name+"Double512", "float64", many, 8, VMOVSD, VADDSD)
		lone512(name+"Single512", "float32", many, 4, VMOVSS, VADDSS)
	}
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
