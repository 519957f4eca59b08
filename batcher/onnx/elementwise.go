package onnx

import (
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// function is an operator that makes a number of each number.
type function struct {
	// One of them: of package activation, which an affine layer can apply too, or another.
	activation func(n *graph.Node) activation.Func
	plain      func(n *graph.Node) func(v []float32)

	kind    int64 // of its numbers, if not float
	rounded bool  // in another way than onnxruntime
}

func simple(k activation.Kind) function {
	return function{activation: func(*graph.Node) activation.Func { return activation.Func{Kind: k} }}
}

func number(f func(x float32) float32) function {
	return function{plain: func(*graph.Node) func([]float32) { return every(f) }}
}

func rounded(f func(x float32) float32) function {
	made := number(f)
	made.rounded = true
	return made
}

func every(f func(x float32) float32) func([]float32) {
	return func(v []float32) {
		for i, x := range v {
			v[i] = f(x)
		}
	}
}

// wide is for functions that package math rounds correctly.
func wide(f func(x float64) float64) function {
	return number(func(x float32) float32 { return float32(f(float64(x))) })
}

// functions are operators of one input.
var functions = map[string]function{
	"Relu": simple(activation.Relu), "Exp": simple(activation.Exp), "Log": simple(activation.Log), "Tanh": simple(activation.Tanh),
	"Sigmoid": simple(activation.Sigmoid), "Softplus": simple(activation.Softplus), "Erf": simple(activation.Erf),
	"Mish": simple(activation.Mish), "Gelu": {activation: gelu}, "Swish": {activation: swish},
	"LeakyRelu": {activation: func(n *graph.Node) activation.Func {
		return activation.Func{Kind: activation.LeakyRelu, Alpha: n.Float("alpha", 0.01)}
	}},
	"Elu": {activation: func(n *graph.Node) activation.Func {
		return activation.Func{Kind: activation.Elu, Alpha: n.Float("alpha", 1)}
	}},
	"Selu": {plain: selu, rounded: true}, "Celu": {plain: celu, rounded: true}, "HardSigmoid": {plain: hardSigmoid, rounded: true},
	"ThresholdedRelu": {plain: thresholdedRelu},
	"HardSwish":       rounded(func(x float32) float32 { return x * min(max(x/6+0.5, 0), 1) }),
	"Softsign":        rounded(func(x float32) float32 { return x / (1 + float32(math.Abs(float64(x)))) }),
	"Abs":             wide(math.Abs), "Sqrt": wide(math.Sqrt), "Floor": wide(math.Floor), "Ceil": wide(math.Ceil),
	"Round":      wide(math.RoundToEven),
	"Neg":        number(func(x float32) float32 { return -x }),
	"Reciprocal": number(func(x float32) float32 { return 1 / x }),
	"Sign":       number(sign),
	"Not":        {plain: not, kind: proto.Bool},
}

func sign(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x + 0 // NaN, or 0 without its sign
}

func not(*graph.Node) func([]float32) { return every(func(x float32) float32 { return 1 - x }) }

func gelu(n *graph.Node) activation.Func {
	switch approximate := n.Text("approximate", "none"); approximate {
	case "none":
	case "tanh":
		return activation.Func{Kind: activation.GeluTanh}
	default:
		n.Fail("approximate is %q: none and tanh are supported", approximate)
	}
	return activation.Func{Kind: activation.Gelu}
}

// swish leaves another alpha than 1 to [graph.Node.Done].
func swish(n *graph.Node) activation.Func {
	if n.Has("alpha") && n.Float("alpha", 1) != 1 {
		n.Fail("alpha other than 1 is not supported")
	}
	return activation.Func{Kind: activation.Silu}
}

func selu(n *graph.Node) func([]float32) {
	alpha, gamma := n.Float("alpha", 1.67326319), n.Float("gamma", 1.05070102)
	f := activation.Func{Kind: activation.Elu, Alpha: alpha}
	return func(v []float32) {
		f.Apply(v)
		for i := range v {
			v[i] *= gamma
		}
	}
}

func celu(n *graph.Node) func([]float32) {
	alpha := n.Float("alpha", 1)
	if !(alpha > 0) {
		n.Fail("alpha is %v: above 0 is supported", alpha)
	}
	f := activation.Func{Kind: activation.Elu, Alpha: alpha}
	return func(v []float32) {
		for i, x := range v {
			if x < 0 {
				v[i] = x / alpha
			}
		}
		f.Apply(v)
	}
}

func thresholdedRelu(n *graph.Node) func([]float32) {
	alpha := n.Float("alpha", 1)
	return every(func(x float32) float32 {
		if x > alpha {
			return x
		}
		return 0 // NaN too
	})
}

func hardSigmoid(n *graph.Node) func([]float32) {
	alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
	return every(func(x float32) float32 { return min(max(float32(alpha*x)+beta, 0), 1) })
}

func (f function) compile(c *compiler, n *graph.Node) error {
	v, err := c.numbers(n, 0)
	if err != nil {
		return err
	}
	want, signs := int64(proto.Float), n.Operator == "Neg" || n.Operator == "Abs" || n.Operator == "Sign"
	if f.kind != 0 {
		want = f.kind
	}
	if v.kind != want && !(v.kind == proto.Int64 && signs) {
		return n.Errorf("its input %q has the type %s, which is not supported", n.Input(0), proto.TypeName(v.kind))
	}
	if v.kind == proto.Int64 && n.Operator == "Neg" {
		v, err = c.each(n, v, every(func(x float32) float32 { return 0 - x })) // not -0
	} else if f.activation != nil {
		v, err = c.activate(n, v, f.activation(n))
	} else {
		c.rounded = c.rounded || f.rounded
		v, err = c.each(n, v, f.plain(n))
	}
	c.set(n, 0, v)
	return err
}

// each adds a stage that replaces each number.
func (c *compiler) each(n *graph.Node, v value, f func([]float32)) (value, error) {
	s := &stages.Each{Name: n.Operator, Value: v.at, Columns: v.Size(), Apply: f}
	out, err := c.emit(n, s, v.Shape, v.kind, v)
	out.limit = v.limit
	return out, err
}

// activate applies a function of package activation, in the layer that made the numbers if it can.
func (c *compiler) activate(n *graph.Node, v value, f activation.Func) (value, error) {
	if err := f.Validate(); err != nil {
		return v, n.Errorf("%w", err)
	}
	switch f.Kind {
	case activation.Relu, activation.LeakyRelu, activation.Clip:
	default:
		c.rounded = true
	}
	if l := c.layer(v); l != nil && l.Activate(f) {
		c.merged(n, v)
		return v, nil
	}
	return c.each(n, v, f.Apply)
}

// layer returns the layer that makes a value that only one node reads.
func (c *compiler) layer(v value) *stages.Layer {
	if v.shared || v.constant != nil || v.at == 0 {
		return nil
	}
	l, _ := c.stages[v.at-1].(*stages.Layer)
	return l
}

// clip has its limits as attributes before opset 11, and as inputs from there on.
func clip(c *compiler, n *graph.Node) error {
	low, high := float64(n.Float("min", -math.MaxFloat32)), float64(n.Float("max", math.MaxFloat32))
	v, err := c.real(n, 0)
	if err == nil {
		low, err = c.number(n, 1, proto.Float, low)
	}
	if err == nil {
		high, err = c.number(n, 2, proto.Float, high)
	}
	if err == nil {
		v, err = c.activate(n, v, activation.Func{Kind: activation.Clip, Low: float32(low), High: float32(high)})
	}
	c.set(n, 0, v)
	return err
}

// pow is supported with an exponent that is a small whole number or 0.5, and with a base above 0.
func pow(c *compiler, n *graph.Node) error {
	base, err := c.real(n, 0)
	if err != nil {
		return err
	}
	exponent, err := c.numbers(n, 1)
	if err != nil {
		return err
	}
	var out value
	switch {
	case exponent.constant != nil && exponent.Size() == 1 && len(exponent.Dims) <= len(base.Dims) && power(exponent.constant[0]) != nil:
		c.rounded = true
		out, err = c.each(n, base, power(exponent.constant[0]))
	case base.constant != nil && base.Size() == 1 && len(base.Dims) <= len(exponent.Dims) && exponent.kind == proto.Float && base.constant[0] > 0:
		out, err = c.activate(n, exponent, activation.Func{Kind: activation.Power, Alpha: float32(base.constant[0])})
	default:
		err = n.Errorf("it is supported with one constant exponent that is a whole number up to 64 or 0.5, or with one constant base above 0")
	}
	c.set(n, 0, out)
	return err
}

// power returns the function that computes a power, rounded once.
func power(exponent float64) func([]float32) {
	switch {
	case exponent == 0.5:
		return every(root)
	case math.Abs(exponent) > 64 || exponent != math.Trunc(exponent):
		return nil
	}
	return every(func(x float32) float32 {
		y := 1.0
		for range int(math.Abs(exponent)) {
			y *= float64(x)
		}
		if exponent < 0 {
			y = 1 / y
		}
		return float32(y)
	})
}

// root is pow(x, 0.5) of C, which differs from sqrt for -0 and minus infinity.
func root(x float32) float32 {
	if math.IsInf(float64(x), -1) {
		return -x
	}
	return float32(math.Sqrt(float64(x + 0)))
}

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
