package trees

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// equal copies rows, and appends a column for each test of equality: 0 if the feature is one of the
// members, NaN if it is NaN, else 1.
type equal struct {
	from  int // value
	dim   int
	tests []test
	known map[string]int
}

type test struct {
	feature int
	members map[float32]struct{}
}

// column returns the column of a test.
func (e *equal) column(feature int, members []float32) int {
	key := binary.LittleEndian.AppendUint32(nil, uint32(feature))
	for _, m := range members {
		key = binary.LittleEndian.AppendUint32(key, math.Float32bits(m))
	}
	if at, found := e.known[string(key)]; found {
		return at
	}
	t := test{feature, map[float32]struct{}{}}
	for _, m := range members {
		t.members[m] = struct{}{}
	}
	at := e.dim + len(e.tests)
	e.tests = append(e.tests, t)
	if e.known == nil {
		e.known = map[string]int{}
	}
	e.known[string(key)] = at
	return at
}

func (e *equal) String() string { return fmt.Sprintf("%d tests of equality", len(e.tests)) }

func (e *equal) From() []int { return []int{e.from} }
func (e *equal) Width() int  { return e.dim + len(e.tests) }

func (e *equal) Bytes() int {
	total := 0
	for _, t := range e.tests {
		total += 16 + 8*len(t.members)
	}
	return total
}

func (e *equal) NewRunner() pipeline.Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		for i := range rows {
			row := from[0][i*e.dim : (i+1)*e.dim]
			out := dst[i*e.Width() : (i+1)*e.Width()]
			copy(out, row)
			for j, t := range e.tests {
				out[e.dim+j] = t.of(row[t.feature])
			}
		}
		return nil
	}
}

func (t *test) of(x float32) float32 {
	if isNaN(x) {
		return x
	}
	if _, found := t.members[x]; found {
		return 0
	}
	return 1
}
