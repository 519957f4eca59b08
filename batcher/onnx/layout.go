package onnx

import (
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// Operators that move numbers. Most only change the shape, for which nothing is computed.

// reshaped makes an output of the numbers of a value, in the same order.
func (c *compiler) reshaped(n *graph.Node, v value, to shape.Shape, err error) error {
	if err != nil {
		return n.Errorf("%w", err)
	}
	v.Shape = to
	c.set(n, 0, v)
	return nil
}

func reshape(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	sizes, err := c.sizes(n, 1)
	if err != nil {
		return err
	}
	to, err := v.Reshape(sizes, n.Int("allowzero", 0) != 0, c.graph.Batch)
	if err != nil && c.column(n, v, sizes) {
		return c.reshaped(n, v, v.Shape, nil)
	}
	return c.reshaped(n, v, to, err)
}

// column reports whether an output of the graph has the numbers of a matrix below one another, as
// scikit-learn's converter writes several targets of a network. They stay side by side.
func (c *compiler) column(n *graph.Node, v value, sizes []float64) bool {
	last := len(n.Outputs) == 1 && c.uses[n.Outputs[0]] == 1 && slices.ContainsFunc(c.graph.Outputs, func(o proto.ValueInfo) bool {
		return o.Name == n.Outputs[0]
	})
	return last && v.Rows == 0 && len(v.Dims) == 2 && slices.Equal(sizes, []float64{shape.Rest, 1})
}

func flatten(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	to, err := v.Flatten(n.Int("axis", 1))
	return c.reshaped(n, v, to, err)
}

// axes returns a list that is an attribute in old opsets, and an input in new ones.
func (c *compiler) axes(n *graph.Node, input int) ([]int64, error) {
	if n.Has("axes") {
		return n.Ints("axes"), nil
	}
	return c.list(n, input)
}

// byAxes makes the operator that changes a shape by a list of axes.
func byAxes(change func(of shape.Shape, axes []int64) (shape.Shape, error)) compile {
	return func(c *compiler, n *graph.Node) error {
		v, err := c.input(n, 0)
		if err != nil {
			return err
		}
		axes, err := c.axes(n, 1)
		if err != nil {
			return err
		}
		to, err := change(v.Shape, axes)
		return c.reshaped(n, v, to, err)
	}
}

// shapeOf answers a constant, in which [shape.Rows] stands for the number of rows.
func shapeOf(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	rank := int64(len(v.Dims))
	bound := func(name string, otherwise int64) int64 {
		at := n.Int(name, otherwise)
		if at < 0 {
			at += rank
		}
		return min(max(at, 0), rank)
	}
	first, end := bound("start", 0), bound("end", rank)
	sizes := []float64{}
	for i := first; i < end; i++ {
		size := float64(v.Dims[i])
		if int(i) == v.Rows {
			size = shape.Rows
		}
		sizes = append(sizes, size)
	}
	c.set(n, 0, value{Shape: shape.Constant(len(sizes)), kind: proto.Int64, constant: sizes})
	return nil
}

// constantOfShape fills a shape, also one with the rows, with one number.
func constantOfShape(c *compiler, n *graph.Node) error {
	sizes, err := c.sizes(n, 0)
	if err != nil {
		return err
	}
	fill := value{kind: proto.Float, constant: []float64{0}}
	if t := n.Tensor("value"); t != nil {
		fill = newConstant(t)
	}
	to, err := shape.Sized(sizes)
	if err != nil {
		return n.Errorf("%w", err)
	}
	if len(fill.constant) != 1 || fill.kind == proto.String {
		return n.Errorf("its value has the type %s and the shape %v, and a single number is needed", proto.TypeName(fill.kind), fill.Shape)
	}
	fill.Shape = shape.Constant()
	out, err := c.spread(n, fill, to)
	c.set(n, 0, out)
	return err
}

// spread repeats the numbers of a value so that it gets a shape.
func (c *compiler) spread(n *graph.Node, v value, to shape.Shape) (value, error) {
	out, index, err := shape.Broadcast(v.Shape, to)
	if err != nil {
		return v, n.Errorf("%w", err)
	}
	if v.constant == nil || out.Rows < 0 {
		return c.pick(n, out, index[0], v)
	}
	places := index[0]
	if places == nil {
		places = identity(v.Size())
	}
	if v.kind == proto.Double {
		return v, n.Errorf("double numbers for each row are not supported")
	}
	if err := c.whole(n, v); err != nil {
		return v, err
	}
	made := c.add(n, stages.NewPick([]stages.Operand{operand(v, nil)}, places), out, v.kind)
	made.limit = max(v.bound(), 1)
	return made, nil
}

// expand repeats numbers along axes.
func expand(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	sizes, err := c.sizes(n, 1)
	if err != nil {
		return err
	}
	to, err := shape.Sized(sizes)
	if err != nil {
		return n.Errorf("%w", err)
	}
	out, err := c.spread(n, v, to)
	c.set(n, 0, out)
	return err
}

func transpose(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	v, err = c.transposed(n, v, n.Ints("perm"))
	c.set(n, 0, v)
	return err
}

// transposed puts the axes in another order; nil: in the reverse.
func (c *compiler) transposed(n *graph.Node, v value, perm []int64) (value, error) {
	var order []int
	for _, axis := range perm {
		a, err := v.Axis(axis)
		if err != nil || slices.Contains(order, a) {
			return v, n.Errorf("perm %v for the shape %v", perm, v.Shape)
		}
		order = append(order, a)
	}
	if perm == nil {
		for i := range v.Dims {
			order = append(order, len(v.Dims)-1-i)
		}
	}
	if len(order) != len(v.Dims) {
		return v, n.Errorf("perm %v for the shape %v", perm, v.Shape)
	}
	to, places := v.Transpose(order)
	return c.pick(n, to, places, v)
}
