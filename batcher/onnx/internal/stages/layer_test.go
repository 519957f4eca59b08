package stages

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/kernel"
)

var relu = activation.Func{Kind: activation.Relu}

// A layer is applied to each run of a row, with what was made a part of it.
func TestLayer(t *testing.T) {
	whole := rapid.Custom(func(t *rapid.T) float32 { return float32(rapid.IntRange(-9, 9).Draw(t, "number")) })
	rapid.Check(t, func(t *rapid.T) {
		in, out, runs, rows := rapid.IntRange(1, 5).Draw(t, "in"), rapid.IntRange(1, 9).Draw(t, "out"), rapid.IntRange(0, 3).Draw(t, "runs"), counts.Draw(t, "rows")
		weights := rapid.SliceOfN(whole, in*out, in*out).Draw(t, "weights")
		bias := make([]float32, out)
		s := &Layer{Value: 1, In: in, Runs: runs, Layer: dense.Affine{Out: out, Weights: weights}}
		if rapid.Bool().Draw(t, "bias") {
			bias = rapid.SliceOfN(whole, out, out).Draw(t, "numbers")
			if !s.AddBias(bias) {
				t.Fatal("the bias is refused")
			}
		}
		function := rapid.Bool().Draw(t, "function")
		if function && !s.Activate(relu) {
			t.Fatal("the function is refused")
		}
		if err := s.Build(kernel.Auto); err != nil {
			t.Fatal(err)
		}
		value := rapid.SliceOfN(whole, in*runs*rows, in*runs*rows).Draw(t, "value")
		check(t, s, rows, [][]float32{value}, func(row [][]float32) []float32 {
			var all []float32
			for x := row[0]; len(x) > 0; x = x[in:] {
				for j := range out {
					sum := bias[j]
					for k := range in {
						sum += x[k] * weights[k*out+j]
					}
					if function {
						sum = max(sum, 0)
					}
					all = append(all, sum)
				}
			}
			return all
		})
	})
}

// What would change the answer does not become a part of a layer.
func TestLayerRefuses(t *testing.T) {
	affine := func(bias []float32, f activation.Func) *Layer {
		return &Layer{In: 2, Runs: 1, Layer: dense.Affine{Out: 2, Weights: make([]float32, 4), Bias: bias, Activation: f}}
	}
	two := []float32{1, 2}
	for name, taken := range map[string]bool{
		"a second function":          affine(nil, relu).Activate(relu),
		"a bias behind a function":   affine(nil, relu).AddBias(two),
		"a second bias":              affine(two, activation.Func{}).AddBias(two),
		"a bias of another length":   affine(nil, activation.Func{}).AddBias(two[:1]),
		"a function in a softmax":    (&Layer{In: 2, Runs: 1, Layer: dense.Softmax{}}).Activate(relu),
		"a bias in a softmax":        (&Layer{In: 2, Runs: 1, Layer: dense.Softmax{}}).AddBias(two),
		"a bias in a layer of norms": (&Layer{In: 2, Runs: 1, Layer: dense.LayerNorm{}}).AddBias(two),
	} {
		if taken {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (&Layer{In: 2, Runs: 1, Layer: dense.Affine{Out: 2}}).Build(kernel.Auto); err == nil || !strings.Contains(err.Error(), "0 weights") {
		t.Errorf("no weights: %v", err)
	}
}

func TestLayerNames(t *testing.T) {
	for want, l := range map[string]*Layer{
		"affine 2 to 3, relu": {In: 2, Layer: dense.Affine{Out: 3, Activation: relu}},
		"affine 2 to 3":       {In: 2, Layer: dense.Affine{Out: 3}},
		"softmax":             {In: 2, Layer: dense.Softmax{}},
	} {
		if got := l.String(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
