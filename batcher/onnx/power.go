package onnx

import (
	"math"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

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
