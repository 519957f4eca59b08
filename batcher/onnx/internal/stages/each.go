package stages

import (
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Runs replaces each run of numbers of a row by what a function makes of it.
type Runs struct {
	Name    string
	Value   int // that it reads
	Columns int
	Length  int // of a run
	Apply   func(run []float32, scratch []float64)
}

func (r *Runs) From() []int    { return []int{r.Value} }
func (r *Runs) Width() int     { return r.Columns }
func (r *Runs) Bytes() int     { return 0 }
func (r *Runs) String() string { return r.Name }

// NewRunner implements [pipeline.Stage].
func (r *Runs) NewRunner() pipeline.Runner {
	scratch := make([]float64, r.Length)
	return func(dst []float32, from [][]float32, rows int) error {
		dst = dst[:rows*r.Columns]
		copy(dst, from[0])
		for ; len(dst) > 0; dst = dst[r.Length:] {
			r.Apply(dst[:r.Length], scratch)
		}
		return nil
	}
}

// Each replaces each number by what a function makes of it.
type Each struct {
	Name    string
	Value   int // that it reads
	Columns int
	Apply   func(numbers []float32)
}

func (e *Each) From() []int    { return []int{e.Value} }
func (e *Each) Width() int     { return e.Columns }
func (e *Each) Bytes() int     { return 0 }
func (e *Each) String() string { return e.Name }

// NewRunner implements [pipeline.Stage].
func (e *Each) NewRunner() pipeline.Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		copy(dst[:rows*e.Columns], from[0])
		e.Apply(dst[:rows*e.Columns])
		return nil
	}
}
