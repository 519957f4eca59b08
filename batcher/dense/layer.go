package dense

import (
	"errors"
	"fmt"
)

// maxWidth bounds the width of a layer, and so the memory of a scorer.
const maxWidth = 1 << 20

// Layer describes one step of a network: [Affine], [Activation], [Arithmetic], [Scaler],
// [BatchNorm], [LayerNorm] or [Softmax].
type Layer interface {
	// stage makes what the layer describes, for rows of so many values. It copies the slices.
	stage(in int) (Stage, error)
	name() string
}

// Stage is a layer made ready for rows of one width. It does not change, and goroutines share it.
type Stage interface {
	// Widths returns how many values a row has before the stage and after it.
	Widths() (in, out int)

	// Scratch returns how many numbers Apply needs for itself.
	Scratch() int

	// Apply writes the rows of src, one after the other, as the stage changes them to dst. dst may
	// be src if both widths are equal; else they must not overlap. scratch has the length of
	// Scratch, at least. No allocation.
	Apply(dst, src []float32, scratch []float64)

	// Bytes returns how much memory the stage takes.
	Bytes() int
}

// NewStage makes the stage of a layer for rows of so many values.
func NewStage(in int, l Layer) (Stage, error) {
	if l == nil {
		return nil, errors.New("dense: a layer is nil")
	}
	if in < 1 || in > maxWidth {
		return nil, fmt.Errorf("dense: %s has %d inputs: 1 to %d are allowed", l.name(), in, maxWidth)
	}
	s, err := l.stage(in)
	if err != nil {
		return nil, fmt.Errorf("dense: %s of %d inputs: %w", l.name(), in, err)
	}
	return s, nil
}

// checkLength complains unless there are as many values as expected.
func checkLength(name string, values []float32, want int) error {
	if len(values) != want {
		return fmt.Errorf("%s has %d values, and must have %d", name, len(values), want)
	}
	return nil
}

// expand returns a copy of values with one for each of width columns. A single value serves all.
func expand(name string, values []float32, width int) ([]float32, error) {
	if len(values) != 1 {
		if err := checkLength(name, values, width); err != nil {
			return nil, err
		}
	}
	all := make([]float32, width)
	for i := range all {
		all[i] = values[i%len(values)]
	}
	return all, nil
}

// same is the width of a stage that keeps it.
type same int

func (w same) Widths() (in, out int) { return int(w), int(w) }
func (w same) Scratch() int          { return 0 }
