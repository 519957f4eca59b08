package onnx

import (
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// Operators that take numbers from values.

// pick makes a value of the numbers of values of the same kind, one after the other.
func (c *compiler) pick(n *graph.Node, to shape.Shape, places []int32, from ...value) (value, error) {
	out := from[0]
	out.Shape = to
	if err := c.work(n, to.Size()); err != nil {
		return out, err
	}
	var operands []stages.Operand
	constant, limit := true, 1.0
	for _, v := range from {
		constant, limit = constant && v.constant != nil, max(limit, v.bound())
	}
	if len(from) == 1 && places == nil {
		return out, nil
	}
	if constant {
		var all []float64
		for _, v := range from {
			all = append(all, v.constant...)
		}
		out.constant = make([]float64, to.Size())
		for i := range out.constant {
			out.constant[i] = all[places[i]]
		}
		return out, nil
	}
	for _, v := range from {
		operands = append(operands, operand(v, nil))
	}
	labels := out.labels
	out = c.add(n, stages.NewPick(operands, places), to, out.kind)
	out.labels = labels
	if limit <= maxWhole {
		out.limit = limit
	}
	return out, nil
}

// joined puts values behind one another along an axis.
func (c *compiler) joined(n *graph.Node, axis int64, all []value) error {
	at, err := all[0].Inner(axis)
	if err != nil {
		return n.Errorf("%w", err)
	}
	var shapes []shape.Shape
	for _, v := range all {
		if v.kind != all[0].kind || v.labels != nil {
			return n.Errorf("types %s and %s do not go together", proto.TypeName(all[0].kind), proto.TypeName(v.kind))
		}
		shapes = append(shapes, v.Shape)
	}
	to, places, err := shape.Join(at, shapes)
	if err != nil {
		return n.Errorf("%w", err)
	}
	out, err := c.pick(n, to, places, all...)
	c.set(n, 0, out)
	return err
}

// inputs returns all inputs of a node as numbers.
func (c *compiler) inputs(n *graph.Node) ([]value, error) {
	var all []value
	for i := range n.Inputs {
		v, err := c.numbers(n, i)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, n.Errorf("it has no inputs")
	}
	return all, nil
}

func concat(c *compiler, n *graph.Node) error {
	all, err := c.inputs(n)
	if err != nil {
		return err
	}
	return c.joined(n, n.Int("axis", 1), all)
}

// featureVectorizer joins matrices.
func featureVectorizer(c *compiler, n *graph.Node) error {
	var all []value
	sizes := n.Ints("inputdimensions")
	for i := range n.Inputs {
		v, err := c.matrix(n, i)
		if err != nil {
			return err
		}
		if i < len(sizes) && sizes[i] != int64(v.Size()) {
			return n.Errorf("inputdimensions %v: its input %q has %d columns", sizes, n.Input(i), v.Size())
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return n.Errorf("it has no inputs")
	}
	return c.joined(n, 1, all)
}

// gather takes numbers by constant places, or from a constant by a place that the row has.
func gather(c *compiler, n *graph.Node) error {
	data, err := c.input(n, 0)
	if err != nil {
		return err
	}
	places, err := c.numbers(n, 1)
	if err != nil {
		return err
	}
	axis := n.Int("axis", 0)
	if places.constant == nil {
		return c.lookUp(n, data, places, axis)
	}
	at, err := data.Inner(axis)
	if err != nil {
		return n.Errorf("%w", err)
	}
	list, err := c.places(n, 1, data.Dims[at])
	if err != nil {
		return err
	}
	to, index, err := data.Take(at, list)
	if err == nil {
		to, err = to.Replace(at, places.Dims)
	}
	if err != nil {
		return n.Errorf("%w", err)
	}
	out, err := c.pick(n, to, index, data)
	c.set(n, 0, out)
	return err
}

// places returns a constant list of places below size. Those below 0 count from the end.
func (c *compiler) places(n *graph.Node, input, size int) ([]int, error) {
	list, err := c.list(n, input)
	if err != nil {
		return nil, err
	}
	if len(list) > shape.MaxSize {
		return nil, n.Errorf("its input %q has %d numbers", n.Input(input), len(list))
	}
	var all []int
	for _, p := range list {
		if p < 0 {
			p += int64(size)
		}
		if p < 0 || p >= int64(size) {
			return nil, n.Errorf("its input %q has the place %d of %d", n.Input(input), p, size)
		}
		all = append(all, int(p))
	}
	return all, nil
}

// lookUp takes numbers, or labels, from a constant list by places that the row has.
func (c *compiler) lookUp(n *graph.Node, list, places value, axis int64) error {
	switch {
	case list.constant == nil || len(list.Dims) != 1 || axis != 0 && axis != -1:
		return n.Errorf("its input %q depends on the row: then a constant list of one axis is supported", n.Input(1))
	case places.limit == 0 || int(places.limit) >= len(list.constant) || places.kind != proto.Int64:
		return n.Errorf("its input %q is not sure to be a place in a list of %d", n.Input(1), len(list.constant))
	}
	if list.kind == proto.Int64 && slices.ContainsFunc(list.constant, math.IsNaN) {
		return n.Errorf("its input %q has the number of rows, which is not supported", n.Input(0))
	}
	if !places.place {
		places = c.fromEnd(n, places, len(list.constant))
	}
	out := places
	out.limit, out.place, out.kind = 0, false, list.kind
	switch list.kind {
	case proto.String:
		out.labels = &labels{count: len(list.constant)}
	case proto.Int64:
		out.labels = &labels{len(list.constant), list.constant}
	default:
		keys, entries := make([]float32, len(list.constant)), list.floats()
		for i := range keys {
			keys[i] = float32(i)
		}
		out = c.add(n, stages.NewTable(places.at, places.Size(), keys, entries, 0), places.Shape, list.kind)
	}
	c.set(n, 0, out)
	return nil
}

// fromEnd adds a stage for places in a list, of which those below 0 count from its end.
func (c *compiler) fromEnd(n *graph.Node, places value, count int) value {
	keys, entries := make([]float32, 2*count), make([]float32, 2*count)
	for i := range keys {
		keys[i], entries[i] = float32(i-count), float32(i%count)
	}
	return c.add(n, stages.NewTable(places.at, places.Size(), keys, entries, 0), places.Shape, places.kind)
}

// arrayFeatureExtractor is gather along the last axis. Of a list by the rows' places it makes one row
// of all.
func arrayFeatureExtractor(c *compiler, n *graph.Node) error {
	data, err := c.input(n, 0)
	if err != nil {
		return err
	}
	places, err := c.numbers(n, 1)
	if err != nil {
		return err
	}
	if len(data.Dims) == 0 {
		return n.Errorf("its input %q is a single number", n.Input(0))
	}
	last := len(data.Dims) - 1
	if places.constant == nil {
		if data.Before(last) == 1 {
			data.Shape = shape.Constant(data.Dims[last])
		}
		if places.Size() != 1 {
			return n.Errorf("its input %q has %d places for each row, and one is supported", n.Input(1), places.Size())
		}
		places.Shape = shape.Shape{Dims: []int{1, 1}, Rows: 1}
		return c.lookUp(n, data, places, 0)
	}
	list, err := c.places(n, 1, data.Dims[last])
	if err != nil {
		return err
	}
	if last == data.Rows {
		return n.Errorf("its input %q has the shape %v, whose last axis has the rows", n.Input(0), data.Shape)
	}
	to, index, err := data.Take(last, list)
	if err != nil {
		return n.Errorf("%w", err)
	}
	if last == 0 {
		to.Dims = []int{1, len(list)}
	}
	out, err := c.pick(n, to, index, data)
	c.set(n, 0, out)
	return err
}
