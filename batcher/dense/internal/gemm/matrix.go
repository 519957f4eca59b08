package gemm

import (
	"unsafe"

	"github.com/disrust/disrust/batcher/kernel"
)

// Config is what a [Matrix] is made of.
type Config struct {
	In, Out int                    // values of a row, before and after
	Weight  func(k, j int) float32 // what input k is multiplied by for output j
	Bias    []float32              // one for each output; nil: none
	Alpha   float32                // what a sum is multiplied by
	Floor   float32                // the least output; minus infinity: any
	Kernel  kernel.Kind            // not Auto
}

// Matrix has the weights in the order in which a kernel reads them. It does not change, and goroutines share
// it.
//
// The outputs are cut into panels of two vectors of the kernel. A panel has its weights for input 0, then
// those for input 1, and so on. The last panel has one vector if that suffices. Lanes without an output have
// the weights 0.
type Matrix struct {
	in, out  int
	kernel   kernel.Kind
	lanes    int       // of a vector
	weights  []float32 // panel after panel
	bias     []float32 // of each lane
	alpha    float32
	floor    float32
	smallest float64 // magnitude of a weight other than 0
}

// New makes a matrix.
func New(c Config) *Matrix {
	m := &Matrix{in: c.In, out: c.Out, kernel: c.Kernel, lanes: lanes(c.Kernel), alpha: c.Alpha, floor: c.Floor}
	all := (c.Out + m.lanes - 1) / m.lanes * m.lanes
	m.bias = make([]float32, all)
	copy(m.bias, c.Bias)
	m.weights = aligned(all * c.In)
	at := m.weights
	for first := 0; first < all; first += 2 * m.lanes {
		width := min(2*m.lanes, all-first)
		for k := range c.In {
			for j := first; j < min(first+width, c.Out); j++ {
				at[j-first] = c.Weight(k, j)
			}
			at = at[width:]
		}
	}
	m.smallest = smallest(m.weights)
	return m
}

// lanes returns how many sums a vector of a kernel has.
func lanes(k kernel.Kind) int {
	switch k {
	case kernel.AVX512:
		return 16
	case kernel.AVX2:
		return 8
	}
	return four
}

// aligned returns numbers that begin where a line of the caches does. A vector across two lines takes twice as long to load.
func aligned(count int) []float32 {
	const line = 64
	all := make([]float32, count+line/4)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(all))) % line / 4)
	return all[skip : skip+count : skip+count]
}

// Kernel returns the instructions with which the matrix multiplies.
func (m *Matrix) Kernel() kernel.Kind { return m.kernel }

// Bytes returns how much memory the matrix takes.
func (m *Matrix) Bytes() int { return 4 * (len(m.weights) + len(m.bias)) }

// mostRows is how many rows of a tile are multiplied at once, at most.
const mostRows = 6

// Scratch returns how many numbers Multiply needs for itself.
func (m *Matrix) Scratch() int { return mostRows * 2 * m.lanes }

// Multiply writes the outputs of the rows of src to dst. Both lie without gaps, and do not overlap. No
// allocation.
func (m *Matrix) Multiply(dst, src, scratch []float32) {
	if m.kernel == kernel.Portable {
		m.portable(dst, src)
	} else {
		m.vector(dst, src, scratch)
	}
}
