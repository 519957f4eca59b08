package stages

import (
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Pick puts together the numbers of a row from those of operands.
type Pick struct {
	operands []Operand
	pieces   []piece
	size     int
}

// piece is a part of an operand that goes to a place.
type piece struct{ operand, from, to, length int32 }

// NewPick makes a stage. Its number i is the one at places[i] of all operands, one after the other,
// which must have no index. nil: all, in their order.
func NewPick(operands []Operand, places []int32) *Pick {
	p := &Pick{operands: operands}
	firsts, total := make([]int32, len(operands)), int32(0) // the place of the first number of each
	for k, o := range operands {
		firsts[k] = total
		total += int32(max(o.Width, len(o.Constant)))
	}
	if places == nil {
		places = make([]int32, total)
		for i := range places {
			places[i] = int32(i)
		}
	}
	for to, place := range places {
		k, _ := slices.BinarySearch(firsts, place+1)
		p.add(piece{int32(k - 1), place - firsts[k-1], int32(to), 1})
	}
	p.size = len(places)
	return p
}

// add adds a piece, or makes the last one longer.
func (p *Pick) add(next piece) {
	if n := len(p.pieces); n > 0 {
		last := &p.pieces[n-1]
		if last.operand == next.operand && last.from+last.length == next.from {
			last.length += next.length
			return
		}
	}
	p.pieces = append(p.pieces, next)
}

func (p *Pick) From() []int    { return values(p.operands...) }
func (p *Pick) Width() int     { return p.size }
func (p *Pick) String() string { return "pick columns" }

// Bytes implements [pipeline.Stage].
func (p *Pick) Bytes() int {
	total := 16 * len(p.pieces)
	for _, o := range p.operands {
		total += o.bytes()
	}
	return total
}

// NewRunner implements [pipeline.Stage].
func (p *Pick) NewRunner() pipeline.Runner {
	r := readers(p.operands...)
	row := make([][]float32, len(r))
	return func(dst []float32, from [][]float32, rows int) error {
		begin(r, from)
		for i := range rows {
			for k := range r {
				row[k] = r[k].next()
			}
			out := dst[i*p.size : (i+1)*p.size]
			for _, c := range p.pieces {
				copy(out[c.to:c.to+c.length], row[c.operand][c.from:])
			}
		}
		return nil
	}
}
