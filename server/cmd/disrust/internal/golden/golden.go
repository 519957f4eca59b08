// Package golden checks a model with golden vectors: rows, and the scores that a model must give for
// them, in a file beside the model's.
package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/wire"
)

// Model is a model that can be checked.
type Model interface {
	Shape() batcher.Shape
	Score(dst, rows []float32) error
}

// Beside returns the file of the golden vectors of the model in a file: MODEL.golden.npz in the same
// folder, where MODEL is the model's file without its extension.
//
// The model's file is the one that its path resolves to. Where a folder with both takes the place of
// another through a symbolic link, both change at once.
func Beside(model string) string {
	return filepath.Join(filepath.Dir(model), modelflag.Name(model)+".golden.npz")
}

// Check scores the golden vectors of the model in a file, and returns how many rows came out. It is 0 if
// there are none. Its error is a sentence that begins with the name of their file.
func Check(model string, m Model) (rows int, err error) {
	file := Beside(model)
	v, err := read(file, m.Shape())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := v.check(m); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return v.count, nil
}

// vectors are golden vectors that fit a shape.
type vectors struct {
	count     int // of rows
	shape     batcher.Shape
	rows      []float32
	scores    []float32
	tolerance float64 // 0: the bits must be equal
}

// maxBytes bounds the content of a file.
const maxBytes = 256 << 20

func read(file string, shape batcher.Shape) (*vectors, error) {
	arrays, err := rowfile.ReadNPZ(file, maxBytes)
	if err != nil {
		return nil, err
	}
	v := &vectors{shape: shape}
	for _, take := range []func(map[string]rowfile.Content) error{v.takeKind, v.takeRows, v.takeScores, v.takeTolerance} {
		if err := take(arrays); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	for name := range arrays {
		return nil, fmt.Errorf("%s: the array %q is unknown: golden vectors are rows and scores, and kind and tolerance if they are needed", file, name)
	}
	return v, nil
}

// batch is how many rows are scored at once.
const batch = 64

// check scores all rows.
func (v *vectors) check(m Model) error {
	dim, outputs := v.shape.Dim, v.shape.Outputs
	var first error
	differ := 0
	out := make([]float32, batch*outputs)
	for at := 0; at < v.count; at += batch {
		n := min(batch, v.count-at)
		if err := m.Score(out[:n*outputs], v.rows[at*dim:][:n*dim]); err != nil {
			return fmt.Errorf("the model fails for rows %d to %d: %w", at, at+n-1, err)
		}
		for i := range n {
			wrong := v.wrong(out[i*outputs:][:outputs], v.scores[(at+i)*outputs:][:outputs])
			if wrong < 0 {
				continue
			}
			if differ++; first == nil {
				first = v.difference(at+i, wrong, out[i*outputs+wrong])
			}
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%d of %d rows differ: %w", differ, v.count, first)
}

// wrong returns the first score of a row that differs too much, or -1.
func (v *vectors) wrong(got, want []float32) int {
	for i := range got {
		if !same(got[i], want[i], v.tolerance) {
			return i
		}
	}
	return -1
}

func same(got, want float32, tolerance float64) bool {
	switch {
	case got != got || want != want:
		return got != got && want != want
	case math.Float32bits(got) == math.Float32bits(want):
		return true
	}
	return tolerance > 0 && math.Abs(float64(got)-float64(want)) <= tolerance
}

func (v *vectors) difference(row, output int, got float32) error {
	which := ""
	if v.shape.Outputs > 1 {
		which = fmt.Sprintf(" as output %d", output)
	}
	allowed := ""
	if v.tolerance > 0 {
		allowed = fmt.Sprintf(", which may be %v away", v.tolerance)
	}
	return fmt.Errorf("for row %d the model gives %v%s, and the golden vectors have %v%s", row, got, which, v.scores[row*v.shape.Outputs+output], allowed)
}

// kinds are those that the flags of a model can ask for.
var kinds = [...]wire.Kind{wire.Raw, wire.Prob, wire.Class}
