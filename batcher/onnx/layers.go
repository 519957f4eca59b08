package onnx

import (
	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// addLayer adds a layer that is applied to each run of in numbers of a value.
func (c *compiler) addLayer(n *graph.Node, v value, in int, to shape.Shape, l dense.Layer) value {
	if _, scaler := l.(dense.Scaler); !scaler {
		c.rounded = true
	}
	return c.add(n, &stages.Layer{Value: v.at, In: in, Runs: v.Size() / in, Layer: l}, to, proto.Float)
}

// gemm computes alpha*A*B + beta*C, of which A has the rows and B is a constant.
func gemm(c *compiler, n *graph.Node) error {
	a, err := c.real(n, 0)
	if err == nil && n.Int("transA", 0) != 0 {
		a, err = c.transposed(n, a, nil)
	}
	if err != nil {
		return err
	}
	b, err := c.fixed(n, 1)
	if err != nil {
		return err
	}
	n.Ignore("broadcast") // of opset 6
	l := dense.Affine{Transposed: n.Int("transB", 0) != 0, Weights: b.floats(), Alpha: n.Float("alpha", 1), Beta: n.Float("beta", 1)}
	if !has(n, 2) {
		l.Beta = 1 // it is not that of an Add behind, which may become a part of the layer
	}
	switch {
	case a.constant != nil || a.Rows != 0 || len(a.Dims) != 2:
		return n.Errorf("its first factor has the shape %v, and [N, features] is supported", a.Shape)
	case len(b.Dims) != 2 || b.kind != proto.Float:
		return n.Errorf("its second factor has the type %s and the shape %v, and float with two axes is supported", proto.TypeName(b.kind), b.Shape)
	case l.Alpha == 0:
		return n.Errorf("alpha is 0, which is not supported")
	}
	in := b.Dims[0]
	l.Out = b.Dims[1]
	if l.Transposed {
		in, l.Out = l.Out, in
	}
	to := a.With(1, l.Out)
	if in != a.Dims[1] || in == 0 || l.Out == 0 {
		return n.Errorf("shapes %v and %v do not go together", a.Shape, b.Shape)
	}
	out := c.addLayer(n, a, in, to, l)
	if has(n, 2) && l.Beta != 0 {
		if out, err = c.addC(n, out, l); err != nil {
			return err
		}
	}
	c.set(n, 0, out)
	return nil
}

// addC adds beta*C to a product: in its layer if C is a constant.
func (c *compiler) addC(n *graph.Node, product value, l dense.Affine) (value, error) {
	v, err := c.real(n, 2)
	if err != nil {
		return v, err
	}
	if c.bias(product, v) {
		return product, nil
	}
	if to, _, err := shape.Broadcast(product.Shape, v.Shape); err != nil || !to.Equal(product.Shape) {
		return v, n.Errorf("its input %q has the shape %v, and the product %v", n.Input(2), v.Shape, product.Shape)
	}
	if l.Beta != 1 {
		by := value{Shape: shape.Constant(), kind: proto.Float, constant: []float64{float64(l.Beta)}}
		if v, err = c.combine(n, stages.Multiply, v, by); err != nil {
			return v, err
		}
	}
	return c.combine(n, stages.Add, product, v)
}

// matMul multiplies the last axis of rows by a constant matrix or vector.
func matMul(c *compiler, n *graph.Node) error {
	a, err := c.real(n, 0)
	if err != nil {
		return err
	}
	b, err := c.fixed(n, 1)
	if err != nil {
		return err
	}
	last := len(a.Dims) - 1
	switch {
	case a.constant != nil || a.Rows < 0 || last == a.Rows || last < 1:
		return n.Errorf("its input %q has the shape %v, and [N, features] is supported", n.Input(0), a.Shape)
	case len(b.Dims) < 1 || len(b.Dims) > 2 || b.kind != proto.Float:
		return n.Errorf("its input %q has the type %s and the shape %v, and float with one or two axes is supported", n.Input(1), proto.TypeName(b.kind), b.Shape)
	}
	in, out := b.Dims[0], b.Size()/max(b.Dims[0], 1)
	if in != a.Dims[last] || in == 0 || out == 0 {
		return n.Errorf("shapes %v and %v do not go together", a.Shape, b.Shape)
	}
	v := c.addLayer(n, a, in, a.With(last, out), dense.Affine{Out: out, Weights: b.floats()})
	if len(b.Dims) == 1 {
		v.Shape, err = v.Squeeze([]int64{int64(last)})
	}
	c.set(n, 0, v)
	return err
}

// parameters returns constant inputs of float numbers.
func (c *compiler) parameters(n *graph.Node, first, count int) ([][]float32, error) {
	var all [][]float32
	for i := first; i < first+count; i++ {
		v, err := c.fixed(n, i)
		if err == nil && v.kind != proto.Float {
			err = n.Errorf("its input %q has the type %s, and float is supported", n.Input(i), proto.TypeName(v.kind))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, v.floats())
	}
	return all, nil
}

// batchNorm has its channels on axis 1.
func batchNorm(c *compiler, n *graph.Node) error {
	v, err := c.real(n, 0)
	if err != nil {
		return err
	}
	p, err := c.parameters(n, 1, 4)
	if err != nil {
		return err
	}
	n.Ignore("momentum") // of the training
	training, spatial := n.Int("training_mode", 0), n.Int("spatial", 1)
	switch {
	case training != 0:
		return n.Errorf("training_mode is set: export the model for inference")
	case spatial != 1:
		return n.Errorf("spatial is %d, which is not supported", spatial)
	case v.Size() == 0:
		return n.Errorf("its input %q has the shape %v, which has no numbers", n.Input(0), v.Shape)
	case v.constant != nil || v.Rows != 0 || len(v.Dims) < 2:
		return n.Errorf("its input %q has the shape %v, and rows with their channels behind them are supported", n.Input(0), v.Shape)
	case c.asked(n, 1) || c.asked(n, 2) || c.asked(n, 3) || c.asked(n, 4):
		return n.Errorf("outputs besides the first are not supported")
	}
	behind := v.Behind(1)
	for i := range p {
		if len(p[i]) != v.Dims[1] {
			return n.Errorf("its input %q has %d numbers for %d channels", n.Input(i+1), len(p[i]), v.Dims[1])
		}
		p[i] = repeat(p[i], behind)
	}
	l := dense.BatchNorm{Scale: p[0], Bias: p[1], Mean: p[2], Variance: p[3], Epsilon: n.Float("epsilon", 1e-5)}
	c.set(n, 0, c.addLayer(n, v, v.Size(), v.Shape, l))
	return nil
}

// repeat returns each number so many times.
func repeat(v []float32, times int) []float32 {
	if times == 1 {
		return v
	}
	var all []float32
	for _, x := range v {
		for range times {
			all = append(all, x)
		}
	}
	return all
}

func layerNorm(c *compiler, n *graph.Node) error {
	v, axis, err := c.along(n, -1)
	if err != nil {
		return err
	}
	n.Ignore("stash_type") // ours is float64
	count := 1
	if has(n, 2) {
		count = 2
	}
	p, err := c.parameters(n, 1, count)
	if err != nil {
		return err
	}
	in := v.Dims[axis] * v.Behind(axis)
	switch {
	case v.constant != nil || axis < v.Rows || in == 0:
		return n.Errorf("its input %q has the shape %v", n.Input(0), v.Shape)
	case c.asked(n, 1) || c.asked(n, 2):
		return n.Errorf("outputs besides the first are not supported")
	}
	l := dense.LayerNorm{Scale: p[0], Epsilon: n.Float("epsilon", 1e-5)}
	if count == 2 {
		l.Bias = p[1]
	}
	c.set(n, 0, c.addLayer(n, v, in, v.Shape, l))
	return nil
}

// softmax is over one axis from opset 13 on, and before over all axes from that one on, which is the
// second unless it says otherwise.
func softmax(c *compiler, n *graph.Node) error {
	old := c.graph.Opsets[""] < 13
	otherwise := int64(-1)
	if old {
		otherwise = 1
	}
	v, axis, err := c.along(n, otherwise)
	if err != nil {
		return err
	}
	in := v.Dims[axis]
	if old {
		in *= v.Behind(axis)
	} else if v.Behind(axis) != 1 {
		return n.Errorf("its axis %d of %v is not the last, which is not supported", axis, v.Shape)
	}
	if v.constant != nil || axis < v.Rows || in == 0 {
		return n.Errorf("its input %q has the shape %v", n.Input(0), v.Shape)
	}
	if n.Operator == "LogSoftmax" {
		c.rounded = true
		s := &stages.Runs{Name: "logsoftmax", Value: v.at, Columns: v.Size(), Length: in, Apply: activation.LogSoftmax}
		c.set(n, 0, c.add(n, s, v.Shape, proto.Float))
		return nil
	}
	c.set(n, 0, c.addLayer(n, v, in, v.Shape, dense.Softmax{}))
	return nil
}
