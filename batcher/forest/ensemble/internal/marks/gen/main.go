// Command gen writes the kernels' assembly for amd64, and its declarations in Go. That is for AVX2, and
// with -avx512 what is different with AVX-512:
//
//	GOWORK=off go run . -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg marks
//	GOWORK=off go run . -avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg marks
//
// The package marks says what the functions do to the data, and with what they may be called.
package main

import (
	"flag"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
)

func main() {
	avx512 := flag.Bool("avx512", false, "write what is different with AVX-512")
	flag.Parse()
	if *avx512 {
		writeAVX512()
	} else {
		writeAVX2()
	}
	Generate()
}

func writeAVX2() {
	transpose()
	rank()
	clear("clear64", 2, entry, YMM)
	clear("clear32", 1, entry, YMM)
	lowest("lowest64", 2)
	lowest("lowest32", 1)
	add("Double", "float64", 8, MOVSD, ADDSD)
	add("Single", "float32", 4, MOVSS, ADDSS)
	spread()
	addEight("Double", "float64", 8, VMOVSD, VADDSD)
	addEight("Single", "float32", 4, VMOVSS, VADDSS)
	rankRow()
	lone("Double", "float64", 8, VMOVSD, VADDSD)
	lone("Single", "float32", 4, VMOVSS, VADDSS)
}

func writeAVX512() {
	clear("clear64AVX512", 1, entry64, ZMM)
	clear("clear32AVX512", 1, entry32, YMM)
	fan("Double", "float64", 8, VMOVSD, VADDSD)
	fan("Single", "float32", 4, VMOVSS, VADDSS)
	for _, many := range []bool{false, true} {
		name := map[bool]string{false: "lone", true: "loneMany"}[many]
		lone512(name+"Double512", "float64", many, 8, VMOVSD, VADDSD)
		lone512(name+"Single512", "float32", many, 4, VMOVSS, VADDSS)
	}
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
