package gemm

import (
	"math"

	"github.com/disrust/disrust/batcher/kernel"
)

// vector cuts the rows into tiles of six. Up to eleven that are left are one tile or two of about the same size: a tile of one row
// takes half as long as one of six.
func (m *Matrix) vector(dst, src, scratch []float32) {
	for rows := len(src) / m.in; rows > 0; {
		tile, count := m.next(rows)
		m.tiles(dst, src, scratch, tile, count)
		rows -= tile * count
		src, dst = src[tile*count*m.in:], dst[tile*count*m.out:]
	}
}

// next returns the rows of the next tile, and how many such tiles come now.
func (m *Matrix) next(rows int) (tile, count int) {
	switch {
	case rows <= mostRows:
		return rows, 1
	case rows >= 2*mostRows:
		return mostRows, rows/mostRows - 1
	case m.kernel == kernel.AVX2 && rows >= 8 && rows <= 9:
		return rows - 3, 1 // four rows have as many sums as are just enough, and take longer each than three
	}
	return (rows + 1) / 2, 1
}

// block is how many sums are computed at once: those of some rows for some panels, of one or two vectors.
type block struct{ rows, panels, vectors int }

// number is how the assembly knows the block: gen/set.go does the same.
func (b block) number() int { return b.rows<<8 | b.panels<<4 | b.vectors }

// block returns that for the next outputs. So few rows that one panel does not keep the processor busy
// have several.
func (m *Matrix) block(rows, outputs int) block {
	whole := outputs / (2 * m.lanes)
	switch {
	case outputs <= m.lanes:
		return block{rows, 1, 1}
	case rows == 1 && whole >= 4:
		return block{1, 4, 2}
	case rows > 1 && whole >= 2 && (rows <= 3 || m.kernel == kernel.AVX512):
		return block{rows, 2, 2}
	}
	return block{rows, 1, 2}
}

// tiles multiplies tiles of as many rows. A panel stays in the nearest cache for all of them.
func (m *Matrix) tiles(dst, src, scratch []float32, rows, count int) {
	for first := 0; first < m.out; {
		b := m.block(rows, m.out-first)
		width := b.panels * b.vectors * m.lanes
		for i := range count {
			x, y := src[i*rows*m.in:(i+1)*rows*m.in], dst[i*rows*m.out:(i+1)*rows*m.out]
			if first+width <= m.out {
				m.multiply(b, y[first:], m.out, x, first)
				continue
			}
			m.multiply(b, scratch, width, x, first)
			for r := range rows {
				copy(y[r*m.out+first:(r+1)*m.out], scratch[r*width:])
			}
		}
		first += width
	}
}

// mostInputs bounds a call: Go cannot interrupt an assembly function. The weights of 128 outputs for so many inputs are 128 KiB, which take
// some 10 us if they come from memory.
const mostInputs = 256

// multiply computes a block. The outputs of a row are to be so far behind those of the row before.
func (m *Matrix) multiply(b block, dst []float32, apart int, src []float32, first int) {
	width := b.panels * b.vectors * m.lanes
	_, _ = dst[(b.rows-1)*apart+width-1], src[b.rows*m.in-1]
	c := call{block: b, src: src, bytesIn: 4 * m.in, dst: dst, bytesOut: 4 * apart}
	c.bytesPanel = 4 * m.in * b.vectors * m.lanes
	for c.resume < m.in {
		c.inputs = min(mostInputs, m.in-c.resume)
		c.src = src[c.resume:]
		c.weights = m.weights[m.in*first+c.resume*b.vectors*m.lanes:]
		c.bias, c.alpha, c.floor = nothing[:], 1, float32(math.Inf(-1))
		if c.resume+c.inputs == m.in {
			c.bias, c.alpha, c.floor = m.bias[first:first+width], m.alpha, m.floor
		}
		c.run(m.kernel)
		c.resume += c.inputs
	}
}

// call is what the assembly is called with.
type call struct {
	block
	inputs, resume int // how many there are now, and were before: then dst has the sums
	src            []float32
	bytesIn        int // from one row to the next
	weights        []float32
	bytesPanel     int // from one panel to the next
	dst            []float32
	bytesOut       int // from one row to the next
	bias           []float32
	alpha, floor   float32
}

// nothing is a bias that changes no sum: -0.
var nothing = func() (all [128]float32) {
	for i := range all {
		all[i] = float32(math.Copysign(0, -1))
	}
	return all
}()
