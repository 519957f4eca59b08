// Command gen writes the kernels' assembly for amd64, and its declarations in Go:
//
//	GOWORK=off go run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg gemm
//
// The package gemm says what the functions do to the data, and with what they may be called.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	avx512().write()
	avx2().write()
	Generate()
}
