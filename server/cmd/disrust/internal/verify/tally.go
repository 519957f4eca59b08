package verify

import (
	"math"
	"slices"
)

// tally counts how the scores compare.
type tally struct {
	outputs int

	scores, different int64
	rows              int64 // with a score that differs
	oneNaN            int64 // scores of which only one of the two is NaN
	largest, farthest place // of those of which neither is NaN
	first             *difference
	span              // empty unless the promise needs it
}

// difference is a row of which some scores differ.
type difference struct {
	row       int64
	features  []float32
	want, got []float32
}

// output returns the first output that differs.
func (d *difference) output() int {
	for i := range d.want {
		if !equal(d.want[i], d.got[i]) {
			return i
		}
	}
	return 0
}

// add compares the scores of a part.
func (t *tally) add(p *part) {
	t.scores += int64(len(p.want))
	if t.high != nil {
		for i := range p.want {
			t.span.add(i%t.outputs, p.want[i], p.got[i])
		}
	}
	count := len(p.want) / t.outputs
	dim := len(p.rows) / count
	for i := range count {
		want, got := p.want[i*t.outputs:(i+1)*t.outputs], p.got[i*t.outputs:(i+1)*t.outputs]
		if slices.EqualFunc(want, got, equal) {
			continue
		}
		row := p.first + int64(i)
		if t.rows++; t.rows == 1 {
			t.first = &difference{row, slices.Clone(p.rows[i*dim : (i+1)*dim]), slices.Clone(want), slices.Clone(got)}
		}
		for output := range want {
			t.compare(row, output, want[output], got[output])
		}
	}
}

func (t *tally) compare(row int64, output int, want, got float32) {
	if equal(want, got) {
		return
	}
	t.different++
	if want != want || got != got {
		t.oneNaN++
		return
	}
	p := newPlace(row, output, want, got)
	if t.farthest.Steps == 0 || p.Difference > t.largest.Difference {
		t.largest = p
	}
	if p.Steps > t.farthest.Steps {
		t.farthest = p
	}
}

// equal compares bits, except that all NaN are equal.
func equal(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// steps returns how many float32 lie between a and b, counting b. -0 lies below 0. Neither is NaN.
func steps(a, b float32) int64 {
	n := ordered(a) - ordered(b)
	return max(n, -n)
}

// ordered numbers the float32 in their order.
func ordered(x float32) int64 {
	if bits := math.Float32bits(x); bits>>31 == 0 {
		return int64(bits)
	}
	return -1 - int64(math.Float32bits(-x))
}
