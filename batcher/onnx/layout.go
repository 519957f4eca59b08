package onnx

import (
	"math"
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

func squeeze(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	axes, err := c.axes(n, 1)
	if err != nil {
		return err
	}
	to, err := v.Squeeze(axes)
	return c.reshaped(n, v, to, err)
}

func unsqueeze(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	axes, err := c.axes(n, 1)
	if err != nil {
		return err
	}
	to, err := v.Unsqueeze(axes)
	return c.reshaped(n, v, to, err)
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

// sliced is what Slice does with one axis.
type sliced struct{ first, end, step int64 }

// slice has its lists as attributes before opset 10, and as inputs from there on.
func slice(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	lists := [4][]int64{n.Ints("starts"), n.Ints("ends"), n.Ints("axes"), nil}
	for i := range lists {
		if lists[i] == nil {
			if lists[i], err = c.list(n, i+1); err != nil {
				return err
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return n.Errorf("starts %v, ends %v, axes %v and steps %v do not go together", starts, ends, axes, steps)
	}
	for i := range starts {
		axis, step := int64(i), int64(1)
		if axes != nil {
			axis = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		if v, err = c.cut(n, v, axis, sliced{starts[i], ends[i], step}); err != nil {
			return err
		}
	}
	c.set(n, 0, v)
	return nil
}

// cut takes a slice of an axis. That of the rows must stay whole.
func (c *compiler) cut(n *graph.Node, v value, axis int64, s sliced) (value, error) {
	at, err := v.Axis(axis)
	if err != nil {
		return v, n.Errorf("%w", err)
	}
	if at == v.Rows && s.first == 0 && s.step == 1 && s.end >= math.MaxInt32 {
		return v, nil
	}
	if _, err := v.Inner(axis); err != nil {
		return v, n.Errorf("%w", err)
	}
	if s.step == 0 {
		return v, n.Errorf("its step is 0")
	}
	to, index, err := v.Take(at, s.places(int64(v.Dims[at])))
	if err != nil {
		return v, n.Errorf("%w", err)
	}
	return c.pick(n, to, index, v)
}

// places returns those of a slice of size numbers.
func (s sliced) places(size int64) []int {
	from := func(x, low, high int64) int64 {
		if x < 0 {
			x += size
		}
		return min(max(x, low), high)
	}
	places := []int{}
	s.step = min(max(s.step, -size-1), size+1)
	switch {
	case s.step > 0:
		for i, end := from(s.first, 0, size), from(s.end, 0, size); i < end; i += s.step {
			places = append(places, int(i))
		}
	case s.step < 0:
		for i, end := from(s.first, 0, size-1), from(s.end, -1, size-1); i > end; i += s.step {
			places = append(places, int(i))
		}
	}
	return places
}

// split cuts an axis into parts: by an attribute, an input, or evenly.
func split(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	axis, err := v.Inner(n.Int("axis", 0))
	if err != nil {
		return n.Errorf("%w", err)
	}
	sizes := n.Ints("split")
	if sizes == nil {
		if sizes, err = c.list(n, 1); err != nil {
			return err
		}
	}
	count, size := int64(len(n.Outputs)), int64(v.Dims[axis])
	n.Ignore("num_outputs") // as many as there are
	if sizes == nil {
		for i := range count {
			part := (size + count - 1) / count
			sizes = append(sizes, min(part, max(size-i*part, 0)))
		}
	}
	first := int64(0)
	for i, part := range sizes {
		if part < 0 || part > size-first || int64(len(sizes)) != count {
			return n.Errorf("parts %v of an axis of %d for %d outputs", sizes, size, count)
		}
		out, err := c.cut(n, v, int64(axis), sliced{first, first + part, 1})
		if err != nil {
			return err
		}
		c.set(n, i, out)
		first += part
	}
	if first != size {
		return n.Errorf("parts %v of an axis of %d", sizes, size)
	}
	return nil
}
