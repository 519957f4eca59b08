package onnx

import (
	"math"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// value is a value of the graph while it is compiled: numbers of each row, or a constant.
type value struct {
	shape.Shape
	at       int       // its number in the pipeline, unless it is a constant
	kind     int64     // Float, Int64, Bool or String; of a constant also Double
	constant []float64 // not nil: a constant. A text is its place among the texts
	limit    float64   // of whole numbers of a row: none is farther from 0; 0: unknown
	labels   *labels   // not nil: the numbers are the places of labels in a list
	place    bool      // the whole numbers of a row are no less than 0
	shared   bool      // more than one node reads it, or it is an output as well
}

// labels is a list of the classes' names.
type labels struct {
	count   int
	numbers []float64 // nil: the names are texts
}

// maxWhole bounds whole numbers: a float32 holds all of them up to here.
const maxWhole = 1 << 24

// newConstant makes a value of a tensor.
func newConstant(t *proto.Tensor) value {
	v := value{Shape: shape.Shape{Rows: -1}, kind: t.Type, constant: t.Doubles()}
	for _, d := range t.Dims {
		v.Dims = append(v.Dims, int(d))
	}
	switch t.Type {
	case proto.Int32, proto.Uint8:
		v.kind = proto.Int64
	case proto.Bool:
		v = castConstant(v, proto.Bool) // a file may have other bytes than 0 and 1
	}
	return v
}

// bound is how far from 0 the numbers of a value may be.
func (v value) bound() float64 {
	if v.constant == nil && v.limit == 0 {
		return math.Inf(1)
	}
	high := v.limit
	for _, x := range v.constant {
		high = max(high, math.Abs(x))
	}
	return high
}

// farther is the limit of numbers of which each is of one of two values.
func farther(a, b value) float64 {
	high := max(a.bound(), b.bound(), 1)
	if high > maxWhole {
		return 0
	}
	return high
}

func isLabel(v value) bool { return v.labels != nil || v.kind == proto.String }

// floats returns the numbers of a constant. Each is a float32.
func (v value) floats() []float32 {
	all := make([]float32, len(v.constant))
	for i, x := range v.constant {
		all[i] = float32(x)
	}
	return all
}

// input returns an input of a node. Its value is there: the nodes come in order.
func (c *compiler) input(n *graph.Node, i int) (value, error) {
	name := n.Input(i)
	v, found := c.values[name]
	switch {
	case name == "":
		return v, n.Errorf("it has no input %d", i)
	case !found:
		return v, n.Errorf("its input %q is an output that its node does not make", name)
	}
	v.shared = v.shared || c.uses[name] > 1
	return v, nil
}

// has reports whether a node has an input. Those in the middle may have no name.
func has(n *graph.Node, i int) bool { return n.Input(i) != "" }

// numbers returns an input that is no text. The labels of a list that stand for numbers become those.
func (c *compiler) numbers(n *graph.Node, i int) (value, error) {
	v, err := c.input(n, i)
	if err != nil {
		return v, err
	}
	switch {
	case v.labels != nil && v.labels.numbers != nil:
		return c.named(n, v)
	case isLabel(v):
		return v, n.Errorf("its input %q is a text, and numbers are needed", n.Input(i))
	}
	return v, nil
}

// named turns the places of labels into the numbers that are their names.
func (c *compiler) named(n *graph.Node, v value) (value, error) {
	if err := c.work(n, v.labels.count); err != nil {
		return v, err
	}
	keys, names, limit := make([]float32, v.labels.count), make([]float32, v.labels.count), 0.0
	for i, x := range v.labels.numbers {
		keys[i], names[i] = float32(i), float32(x)
		limit = max(limit, math.Abs(x))
	}
	if limit > maxWhole {
		return v, n.Errorf("labels beyond %d are not supported as numbers", maxWhole)
	}
	t := stages.NewTable(v.at, v.Size(), keys, names, 0)
	out := c.add(n, t, v.Shape, v.kind)
	out.limit = max(limit, 1)
	return out, nil
}

// real returns an input of float32 numbers.
func (c *compiler) real(n *graph.Node, i int) (value, error) {
	v, err := c.numbers(n, i)
	if err == nil {
		err = isReal(n, i, v)
	}
	return v, err
}

// along returns the input of float32 numbers and the axis that a node works along, which is not that of
// the rows.
func (c *compiler) along(n *graph.Node, otherwise int64) (value, int, error) {
	v, err := c.real(n, 0)
	if err != nil {
		return v, 0, err
	}
	axis, err := v.Inner(n.Int("axis", otherwise))
	if err != nil {
		return v, 0, n.Errorf("%w", err)
	}
	return v, axis, nil
}

// isReal refuses an input that is not of float32 numbers.
func isReal(n *graph.Node, i int, v value) error {
	if v.kind != proto.Float {
		return n.Errorf("its input %q has the type %s, and float is supported", n.Input(i), proto.TypeName(v.kind))
	}
	return nil
}

// matrix returns an input that is a matrix with a float32 row for each row.
func (c *compiler) matrix(n *graph.Node, i int) (value, error) {
	v, err := c.real(n, i)
	switch {
	case err != nil:
	case v.constant != nil:
		err = n.Errorf("its input %q is a constant, and rows are needed", n.Input(i))
	case v.Rows != 0 || len(v.Dims) != 2 || v.Size() == 0:
		err = n.Errorf("its input %q has the shape %v, and [N, features] is supported", n.Input(i), v.Shape)
	}
	return v, err
}

// fixed returns an input that must be a constant.
func (c *compiler) fixed(n *graph.Node, i int) (value, error) {
	v, err := c.input(n, i)
	if err == nil && v.constant == nil {
		err = n.Errorf("its input %q depends on the row, and a constant is supported", n.Input(i))
	}
	return v, err
}

// sizes returns an input that is a constant list of sizes, in which [shape.Rows] may stand for the
// number of rows.
func (c *compiler) sizes(n *graph.Node, i int) ([]float64, error) {
	v, err := c.fixed(n, i)
	if err == nil && (v.kind != proto.Int64 || len(v.Dims) > 1) {
		err = n.Errorf("its input %q has the type %s and the shape %v, and a list of int64 is needed", n.Input(i), proto.TypeName(v.kind), v.Shape)
	}
	return v.constant, err
}

// list returns an input that is a constant list of whole numbers; nil if the node has none.
func (c *compiler) list(n *graph.Node, i int) ([]int64, error) {
	if !has(n, i) {
		return nil, nil
	}
	v, err := c.fixed(n, i)
	if err != nil {
		return nil, err
	}
	all := make([]int64, len(v.constant))
	for k, x := range v.constant {
		if v.kind != proto.Int64 || math.IsNaN(x) {
			return nil, n.Errorf("its input %q has the type %s or depends on the number of rows: whole numbers are needed",
				n.Input(i), proto.TypeName(v.kind))
		}
		all[k] = math.MaxInt64
		if x < 1<<63 {
			all[k] = int64(x)
		}
	}
	return all, nil
}

// number returns an input that is a single constant of a type; otherwise if the node has none.
func (c *compiler) number(n *graph.Node, i int, kind int64, otherwise float64) (float64, error) {
	if !has(n, i) {
		return otherwise, nil
	}
	v, err := c.fixed(n, i)
	if err == nil && (len(v.constant) != 1 || v.kind != kind) {
		err = n.Errorf("its input %q has the type %s and the shape %v, and a single %s is needed",
			n.Input(i), proto.TypeName(v.kind), v.Shape, proto.TypeName(kind))
	}
	if err != nil {
		return 0, err
	}
	return v.constant[0], nil
}
