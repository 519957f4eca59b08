package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/wire"
)

// input is the two files to be compared through a model.
type input struct {
	rows   *rowfile.File
	expect *rowfile.Array
}

// open opens the files. They must fit the model and each other.
func (v *verify) open(m *forest.Model) (*input, error) {
	shape := m.Shape()
	rows, err := rowfile.OpenFor(v.rows, shape.Dim, "the features of the model")
	if err != nil {
		return nil, err
	}
	expect, err := rowfile.OpenArray(v.expect)
	if err != nil {
		rows.Close()
		return nil, err
	}
	in := &input{rows, expect}
	if err := in.fit(shape); err != nil {
		in.close()
		return nil, fmt.Errorf("%s %w", v.expect, err)
	}
	return in, nil
}

func (in *input) close() {
	in.rows.Close()
	in.expect.Close()
}

// fit checks the expected scores against the model and the rows.
func (in *input) fit(shape batcher.Shape) error {
	sizes := in.expect.Shape
	columns := int64(1)
	if len(sizes) == 2 {
		columns = sizes[1]
	}
	switch kind := shape.Kind; {
	case strings.HasPrefix(in.expect.DType, "<i") && kind != wire.Class:
		return fmt.Errorf("has integers: with --output %v the scores are float32 or float64; are they classes, for --output class?", kind)
	case columns != int64(shape.Outputs):
		return fmt.Errorf("has %d scores per row: with --output %v the model has %d", columns, kind, shape.Outputs)
	case sizes[0] != in.rows.Rows:
		return fmt.Errorf("has the scores of %d rows: there are %d rows", sizes[0], in.rows.Rows)
	}
	return nil
}

// rounded reports whether the expected scores are rounded to float32.
func (in *input) rounded() bool { return in.expect.DType == "<f8" }

// part is some rows, with the scores that are expected of them and those of the model.
type part struct {
	first           int64 // row
	rows, want, got []float32
}

// partValues bounds the values of a part, unless a single row has more.
const partValues = 1 << 16

// each scores all rows, and calls f for one part after the other.
func (in *input) each(ctx context.Context, m *forest.Model, f func(*part)) error {
	dim, outputs := m.Shape().Dim, m.Shape().Outputs
	most := max(1, partValues/max(dim, outputs))
	p := part{rows: make([]float32, most*dim), want: make([]float32, most*outputs), got: make([]float32, most*outputs)}
	for left := in.rows.Rows; left > 0; {
		if ctx.Err() != nil {
			return errInterrupted
		}
		count := int(min(left, int64(most)))
		p.rows, p.want, p.got = p.rows[:count*dim], p.want[:count*outputs], p.got[:count*outputs]
		if err := in.rows.Next(p.rows); err != nil {
			return err
		}
		if err := in.expect.Next(p.want); err != nil {
			return err
		}
		if err := m.Score(p.got, p.rows); err != nil {
			return err
		}
		f(&p)
		p.first += int64(count)
		left -= int64(count)
	}
	return nil
}
