package onnx

import (
	"math"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
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
