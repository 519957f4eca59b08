package gemm

import "github.com/disrust/disrust/batcher/kernel"

// run calls the assembly. By their names, the functions are known not to keep the pointers.
func (c *call) run(k kernel.Kind) {
	x, w, y, b := &c.src[0], &c.weights[0], &c.dst[0], &c.bias[0]
	if k == kernel.AVX512 {
		avx512(c.number(), c.inputs, c.resume, x, c.bytesIn, w, c.bytesPanel, y, c.bytesOut, b, c.alpha, c.floor)
	} else {
		avx2(c.number(), c.inputs, c.resume, x, c.bytesIn, w, c.bytesPanel, y, c.bytesOut, b, c.alpha, c.floor)
	}
}
