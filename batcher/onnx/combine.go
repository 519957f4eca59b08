package onnx

import (
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// combination is an operator that makes a number of two, or of any number of them one after the other.
type combination struct {
	op    stages.Op
	kinds []int64 // that its inputs may have, all the same
	truth bool    // what it makes
	many  bool    // any number of inputs
	mean  bool    // the sum is multiplied by 1 / the number of inputs, rounded
}

var (
	anyNumber = []int64{proto.Float, proto.Int64}
	real      = []int64{proto.Float}
	bools     = []int64{proto.Bool}
	anything  = []int64{proto.Float, proto.Int64, proto.Bool}
)

// combinations are operators of several inputs.
var combinations = map[string]combination{
	"Add": {op: stages.Add, kinds: anyNumber}, "Sub": {op: stages.Subtract, kinds: anyNumber},
	"Mul": {op: stages.Multiply, kinds: anyNumber}, "Div": {op: stages.Divide, kinds: anyNumber},
	"Sum": {op: stages.Add, kinds: real, many: true}, "Mean": {op: stages.Add, kinds: real, many: true, mean: true},
	"Max": {op: stages.Max, kinds: anyNumber, many: true}, "Min": {op: stages.Min, kinds: anyNumber, many: true},
	"PRelu": {op: stages.PRelu, kinds: real},
	"Equal": {op: stages.Equal, kinds: anything, truth: true},
	"Less":  {op: stages.Less, kinds: anyNumber, truth: true}, "LessOrEqual": {op: stages.LessOrEqual, kinds: anyNumber, truth: true},
	"Greater": {op: stages.Greater, kinds: anyNumber, truth: true}, "GreaterOrEqual": {op: stages.GreaterOrEqual, kinds: anyNumber, truth: true},
	"And": {op: stages.And, kinds: bools, truth: true}, "Or": {op: stages.Or, kinds: bools, truth: true},
	"Xor": {op: stages.Xor, kinds: bools, truth: true},
}

func (o combination) compile(c *compiler, n *graph.Node) error {
	if len(n.Inputs) < 1 || !o.many && len(n.Inputs) != 2 {
		return n.Errorf("it has %d inputs", len(n.Inputs))
	}
	out, err := c.numbers(n, 0)
	for i := 1; err == nil && i < len(n.Inputs); i++ {
		var v value
		if v, err = c.numbers(n, i); err == nil {
			out, err = o.pair(c, n, out, v)
		}
	}
	if err == nil && o.mean {
		by := value{Shape: shape.Constant(), kind: proto.Float, constant: []float64{float64(1 / float32(len(n.Inputs)))}}
		out, err = c.combine(n, stages.Multiply, out, by) // as onnxruntime does
	}
	c.set(n, 0, out)
	return err
}

func (o combination) pair(c *compiler, n *graph.Node, a, b value) (value, error) {
	allowed := false
	for _, k := range o.kinds {
		allowed = allowed || a.kind == k && b.kind == k
	}
	if !allowed {
		return a, n.Errorf("types %s and %s are not supported", proto.TypeName(a.kind), proto.TypeName(b.kind))
	}
	if a.kind == proto.Int64 && o.op.Name == stages.Divide.Name {
		return c.quotient(n, a, b)
	}
	if a.kind == proto.Int64 && o.op.Name == stages.Equal.Name {
		a, b = apart(a, b), apart(b, a)
	}
	if a.kind == proto.Int64 && (o.op.Name == stages.Add.Name || o.op.Name == stages.Subtract.Name || o.op.Name == stages.Multiply.Name) {
		return c.wholes(n, o.op, a, b)
	}
	if o.op.Name == stages.Add.Name && c.bias(a, b) {
		c.merged(n, a)
		return a, nil
	}
	if o.op.Name == stages.Add.Name && c.bias(b, a) {
		c.merged(n, b)
		return b, nil
	}
	out, err := c.combine(n, o.op, a, b)
	out.limit = farther(a, b)
	if o.truth {
		out.kind = proto.Bool
	}
	return out, err
}

// apart puts 0 in the place of the number of rows if it is compared with numbers below 0 only, as
// PyTorch's exporter does. Neither is one of them.
func apart(sizes, others value) value {
	if others.constant == nil || slices.ContainsFunc(others.constant, func(x float64) bool { return !(x < 0) }) {
		return sizes
	}
	sizes.constant = slices.Clone(sizes.constant)
	for i, x := range sizes.constant {
		if math.IsNaN(x) {
			sizes.constant[i] = 0
		}
	}
	return sizes
}

// bias makes a constant a part of the affine layer that made a value, if it can be.
func (c *compiler) bias(v, constant value) bool {
	l := c.layer(v)
	if l == nil || constant.constant == nil || l.Runs != 1 {
		return false
	}
	out, index, err := shape.Broadcast(v.Shape, constant.Shape)
	if err != nil || !out.Equal(v.Shape) {
		return false
	}
	all := make([]float32, v.Size())
	for i := range all {
		at := i
		if index[1] != nil {
			at = int(index[1][i])
		}
		all[i] = float32(constant.constant[at])
	}
	return l.AddBias(all)
}

// combine adds a stage for two values of the same type.
func (c *compiler) combine(n *graph.Node, op stages.Op, a, b value) (value, error) {
	out, index, err := shape.Broadcast(a.Shape, b.Shape)
	if err != nil {
		return a, n.Errorf("%w", err)
	}
	s := stages.NewCombine(op, operand(a, index[0]), operand(b, index[1]), out.Size())
	return c.emit(n, s, out, a.kind, a, b)
}

// wholes computes with whole numbers, as long as a float32 is sure to hold the results.
func (c *compiler) wholes(n *graph.Node, op stages.Op, a, b value) (value, error) {
	high := a.bound() + b.bound()
	if op.Name == stages.Multiply.Name {
		op, high = stages.MultiplyWhole, a.bound()*b.bound()
	}
	if high > maxWhole && (a.constant == nil || b.constant == nil) {
		return a, n.Errorf("whole numbers beyond %d may come out, which is not supported", maxWhole)
	}
	out, err := c.combine(n, op, a, b)
	out.limit = max(high, 1)
	return out, err
}

// quotient divides constant whole numbers, and rounds towards 0.
func (c *compiler) quotient(n *graph.Node, a, b value) (value, error) {
	if a.constant == nil || b.constant == nil {
		return a, n.Errorf("whole numbers that depend on the row are not supported")
	}
	for _, x := range b.constant {
		if x == 0 {
			return a, n.Errorf("a whole number is divided by 0")
		}
	}
	out, err := c.combine(n, stages.Divide, a, b)
	if err != nil {
		return out, err
	}
	return castConstant(out, proto.Int64), nil
}

// isNaN answers whether a number is NaN.
func isNaN(c *compiler, n *graph.Node) error {
	v, err := c.real(n, 0)
	if err != nil {
		return err
	}
	out, err := c.each(n, v, every(func(x float32) float32 {
		if x != x {
			return 1
		}
		return 0
	}))
	out.kind = proto.Bool
	c.set(n, 0, out)
	return err
}

func where(c *compiler, n *graph.Node) error {
	var v [3]value
	for i := range v {
		var err error
		if v[i], err = c.numbers(n, i); err != nil {
			return err
		}
	}
	if v[0].kind != proto.Bool || v[1].kind != v[2].kind {
		return n.Errorf("types %s, %s and %s do not go together", proto.TypeName(v[0].kind), proto.TypeName(v[1].kind), proto.TypeName(v[2].kind))
	}
	sides, _, err := shape.Broadcast(v[1].Shape, v[2].Shape)
	if err != nil {
		return n.Errorf("%w", err)
	}
	out, _, err := shape.Broadcast(v[0].Shape, sides)
	if err != nil {
		return n.Errorf("%w", err)
	}
	var operands [3]stages.Operand
	for i := range v {
		_, index, err := shape.Broadcast(v[i].Shape, out)
		if err != nil {
			return n.Errorf("%w", err)
		}
		operands[i] = operand(v[i], index[0])
	}
	if v[0].constant != nil && v[1].constant != nil && v[2].constant != nil {
		c.set(n, 0, selected(v, operands, out))
		return nil
	}
	made, err := c.emit(n, stages.NewSelect(operands[0], operands[1], operands[2], out.Size()), out, v[1].kind, v[:]...)
	made.limit = farther(v[1], v[2])
	c.set(n, 0, made)
	return err
}

// selected chooses among constants, of which one may be the number of rows.
func selected(v [3]value, operands [3]stages.Operand, to shape.Shape) value {
	out := value{Shape: to, kind: v[1].kind, constant: make([]float64, to.Size())}
	at := func(k, i int) float64 {
		if index := operands[k].Index; index != nil {
			i = int(index[i])
		}
		return v[k].constant[i]
	}
	for i := range out.constant {
		out.constant[i] = at(2, i)
		if at(0, i) != 0 {
			out.constant[i] = at(1, i)
		}
	}
	return out
}
