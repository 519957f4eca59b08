package stages

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Layer is a layer of package dense as a stage, applied to each run of a row. What it computes may
// change until it is built.
type Layer struct {
	Value int
	In    int // numbers of a run
	Runs  int // of a row
	Layer dense.Layer
	stage dense.Stage
}

// Build makes the layer ready. It multiplies with the instructions of k.
func (l *Layer) Build(k kernel.Kind) error {
	if a, affine := l.Layer.(dense.Affine); affine {
		a.Kernel = k
		l.Layer = a
	}
	var err error
	l.stage, err = dense.NewStage(l.In, l.Layer)
	return err
}

// Activate makes the function a part of the layer, if it can be.
func (l *Layer) Activate(f activation.Func) bool {
	a, affine := l.Layer.(dense.Affine)
	if !affine || a.Activation != (activation.Func{}) {
		return false
	}
	a.Activation = f
	l.Layer = a
	return true
}

// AddBias makes the numbers, one for each output, a part of the layer, if they can be.
func (l *Layer) AddBias(bias []float32) bool {
	a, affine := l.Layer.(dense.Affine)
	if !affine || a.Activation != (activation.Func{}) || a.Bias != nil || len(bias) != a.Out {
		return false
	}
	a.Bias = bias
	l.Layer = a
	return true
}

func (l *Layer) From() []int { return []int{l.Value} }
func (l *Layer) Bytes() int  { return l.stage.Bytes() }

// Kernel says with which instructions the layer multiplies; "": it does not.
func (l *Layer) Kernel() string {
	if e, says := l.stage.(interface{ Kernel() string }); says {
		return e.Kernel()
	}
	return ""
}

// Width implements [pipeline.Stage].
func (l *Layer) Width() int {
	if a, affine := l.Layer.(dense.Affine); affine {
		return a.Out * l.Runs
	}
	return l.In * l.Runs
}

// String names the layer: "affine 12 to 24".
func (l *Layer) String() string {
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", l.Layer), "dense."))
	a, affine := l.Layer.(dense.Affine)
	if !affine {
		return name
	}
	name = fmt.Sprintf("%s %d to %d", name, l.In, a.Out)
	if a.Activation.Kind != activation.Identity {
		name += ", " + strings.ToLower(a.Activation.Kind.String())
	}
	return name
}

// NewRunner implements [pipeline.Stage].
func (l *Layer) NewRunner() pipeline.Runner {
	scratch := make([]float64, l.stage.Scratch())
	return func(dst []float32, from [][]float32, rows int) error {
		l.stage.Apply(dst[:rows*l.Width()], from[0][:rows*l.Runs*l.In], scratch)
		return nil
	}
}
