package dense

import (
	"math"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/activation"
)

// apply returns what a layer makes of rows.
func apply(t *testing.T, in int, l Layer, rows ...float32) []float32 {
	t.Helper()
	s, err := NewStage(in, l)
	if err != nil {
		t.Fatal(err)
	}
	_, out := s.Widths()
	dst := make([]float32, len(rows)/in*out)
	s.Apply(dst, rows, make([]float64, s.Scratch()))
	return dst
}

func equal(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// Each case is exact by hand, or shows where a result is rounded.
func TestLayers(t *testing.T) {
	inf, tiny := float32(math.Inf(1)), float32(math.SmallestNonzeroFloat32)
	x := float32(1 + 1.0/4096) // its square is no float32
	third := float32(1) / 3
	for _, c := range []struct {
		name string
		in   int
		l    Layer
		rows []float32
		want []float32
	}{
		{"alpha and beta", 1, Affine{Out: 1, Weights: []float32{3}, Bias: []float32{5}, Alpha: 2, Beta: -1}, []float32{7}, []float32{37}},
		{"a product is not rounded before it is added", 2, Affine{Out: 1, Weights: []float32{-x * x, x}}, []float32{1, x},
			[]float32{float32(float64(x)*float64(x) - float64(x*x))}},
		{"nor that by alpha", 1, Affine{Out: 1, Weights: []float32{1}, Alpha: x, Bias: []float32{-x * x}}, []float32{x},
			[]float32{float32(float64(x)*float64(x) - float64(x*x))}},
		{"but the sum is rounded before the bias", 1, Affine{Out: 1, Weights: []float32{x}, Bias: []float32{-x * x}}, []float32{x}, []float32{0}},
		{"a sum beyond a float32 does not come back", 2, Affine{Out: 1, Weights: []float32{1e30, -1e30}}, []float32{1e30, 1e30}, []float32{inf}},
		{"a product beyond a float32 whose sum is none", 2, Affine{Out: 1, Weights: []float32{-1 << 100, 1 << 100}}, []float32{1 << 27, 1 << 28}, []float32{1 << 127}},
		{"a sum beyond a float32", 1, Affine{Out: 1, Weights: []float32{1e30}}, []float32{1e30, -1e30}, []float32{inf, -inf}},
		{"infinity times 0", 2, Affine{Out: 1, Weights: []float32{0, 1}}, []float32{inf, 1, 1, inf, nan, 1}, []float32{nan, inf, nan}},
		{"infinities that cancel", 2, Affine{Out: 1, Weights: []float32{1, 1}}, []float32{inf, -inf}, []float32{nan}},
		{"denormals", 1, Affine{Out: 1, Weights: []float32{3}}, []float32{tiny, -tiny}, []float32{3 * tiny, -3 * tiny}},
		{"the order of the sum", 3, Affine{Out: 1, Weights: []float32{1, 1, 1}}, []float32{1 << 60, 1, -(1 << 60)}, []float32{0}},
		{"Relu", 2, Activation{activation.Func{Kind: activation.Relu}}, []float32{-1, 2}, []float32{0, 2}},
		{"operand - x", 2, Arithmetic{Op: Subtract, Operand: []float32{1, 2}, Swapped: true}, []float32{5, 7}, []float32{-4, -5}},
		{"x - operand", 2, Arithmetic{Op: Subtract, Operand: []float32{1, 2}}, []float32{5, 7}, []float32{4, 5}},
		{"operand / x", 1, Arithmetic{Op: Divide, Operand: []float32{1}, Swapped: true}, []float32{4, 0}, []float32{0.25, inf}},
		{"x / operand", 2, Arithmetic{Op: Divide, Operand: []float32{3}}, []float32{1, -1}, []float32{third, -third}},
		{"x + operand", 2, Arithmetic{Op: Add, Operand: []float32{3, 4}}, []float32{1, -1}, []float32{4, 3}},
		{"x * operand", 2, Arithmetic{Op: Multiply, Operand: []float32{3, 4}}, []float32{1, -1}, []float32{3, -4}},
		{"a scaler multiplies", 1, Scaler{Offset: []float32{1}, Scale: []float32{third}}, []float32{6}, []float32{5 * third}},
		{"a scaler divides", 1, Scaler{Offset: []float32{1}, Scale: []float32{3}, Divide: true}, []float32{6}, []float32{float32(5) / 3}},
		{"a scaler of nothing", 1, Scaler{}, []float32{6}, []float32{6}},
		{"batch normalisation", 2, BatchNorm{Scale: []float32{2, 1}, Bias: []float32{1, 0}, Mean: []float32{3, 0}, Variance: []float32{3, 0.25}, Epsilon: 1},
			[]float32{5, 0}, []float32{3, 0}},
		{"layer normalisation", 2, LayerNorm{Scale: []float32{1, 3}, Bias: []float32{10}}, []float32{1, 5, 4, 4}, []float32{9, 13, nan, nan}},
		{"layer normalisation with epsilon", 1, LayerNorm{Epsilon: 1}, []float32{4, inf}, []float32{0, nan}},
		{"softmax", 2, Softmax{}, []float32{3, 3, -inf, 0}, []float32{0.5, 0.5, 0, 1}},
	} {
		if got := apply(t, c.in, c.l, c.rows...); !equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

func TestLayersRefused(t *testing.T) {
	three := make([]float32, 3)
	for want, l := range map[string]Layer{
		"an Affine of 2 inputs: 0 outputs: 1 to":                               Affine{},
		"3 weights for 2 outputs, and must be 4":                               Affine{Out: 2, Weights: three},
		"the bias has 3 values, and must have 2":                               Affine{Out: 2, Weights: make([]float32, 4), Bias: three},
		"the bias has 0 values, and must have 2":                               Affine{Out: 2, Weights: make([]float32, 4), Bias: three[:0]},
		"an Affine of 2 inputs: activation: alpha is NaN":                      Affine{Out: 1, Weights: make([]float32, 2), Activation: activation.Func{Kind: activation.Elu, Alpha: nan}},
		"an Activation of 2 inputs: activation: there is no":                   Activation{activation.Func{Kind: 255}},
		"there is no operation 9":                                              Arithmetic{Op: 9, Operand: three},
		"an Arithmetic of 2 inputs: the operand has 3 values, and must have 2": Arithmetic{Operand: three},
		"a Scaler of 2 inputs: the offset has 3 values":                        Scaler{Offset: three},
		"the scale has 3 values":                                               Scaler{Scale: three},
		"a BatchNorm of 2 inputs: the mean has 3 values":                       BatchNorm{Scale: three[:2], Bias: three[:2], Mean: three},
		"a LayerNorm of 2 inputs: the bias has 3 values":                       LayerNorm{Bias: three},
	} {
		if _, err := NewStage(2, l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := NewStage(maxWidth+1, Softmax{}); err == nil || !strings.Contains(err.Error(), "a Softmax has 1048577 inputs") {
		t.Error(err)
	}
}

// A layer keeps nothing of the slices that it was made of.
func TestSlicesAreCopied(t *testing.T) {
	v := []float32{1, 2}
	for _, l := range []Layer{
		Affine{Out: 1, Weights: v, Bias: v[:1]}, Arithmetic{Operand: v}, Scaler{Offset: v, Scale: v},
		BatchNorm{Scale: v, Bias: v, Mean: v, Variance: v}, LayerNorm{Scale: v, Bias: v},
	} {
		copy(v, []float32{1, 2})
		s, err := NewStage(2, l)
		if err != nil {
			t.Fatal(err)
		}
		answer := func() []float32 {
			_, out := s.Widths()
			dst := make([]float32, out)
			s.Apply(dst, []float32{4, 9}, make([]float64, s.Scratch()))
			return dst
		}
		before := answer()
		copy(v, []float32{7, 7})
		if after := answer(); !equal(before, after) {
			t.Errorf("%s answers %v, and %v once the slices have changed", l.name(), before, after)
		}
	}
}
