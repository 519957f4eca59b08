package onnx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

// Attributes that an operator may have, each of one of these kinds.
var attributesOf = map[string]string{
	"Cast": "to", "Constant": "value value_float value_int value_floats value_ints", "Dropout": "ratio", "Shape": "start end",
	"ConstantOfShape": "value", "Gemm": "transA transB alpha beta", "BatchNormalization": "epsilon spatial", "LayerNormalization": "axis epsilon",
	"Softmax": "axis", "LogSoftmax": "axis", "LpNormalization": "axis p", "Reshape": "allowzero", "Flatten": "axis", "Squeeze": "axes", "Unsqueeze": "axes",
	"Transpose": "perm", "Concat": "axis", "Gather": "axis", "Slice": "starts ends axes", "Split": "axis split num_outputs", "Clip": "min max",
	"ArgMax": "axis keepdims select_last_index", "ArgMin": "axis keepdims select_last_index", "LeakyRelu": "alpha", "Elu": "alpha", "Celu": "alpha",
	"ReduceLogSumExp": "axes keepdims", "ReduceSum": "axes keepdims noop_with_empty_axes", "ReduceMean": "axes keepdims", "ReduceMax": "axes keepdims",
	"ReduceL2": "axes keepdims", "Gelu": "approximate", "ZipMap": "classlabels_int64s", "Scaler": "offset scale", "Normalizer": "norm",
	"Imputer": "imputed_value_floats replaced_value_float", "Binarizer": "threshold", "LabelEncoder": "keys_floats values_floats keys_int64s values_int64s default_float",
	"FeatureVectorizer": "inputdimensions", "LinearRegressor": "coefficients intercepts targets post_transform",
	"LinearClassifier": "coefficients intercepts classlabels_ints classlabels_strings post_transform",
}

var (
	small    = rapid.Int64Range(-3, 4)
	anyWhole = rapid.OneOf(small, small, small, rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1 << 20, 1 << 31, 1 << 32, -1 << 31}))
	anyFloat = rapid.SampledFrom([]float32{0, 1, 1, -1, 0.5, 2, -3, 1e30, inf32, -inf32, nan32})
	anyDims  = rapid.SliceOfN(rapid.SampledFrom([]string{"0", "1", "1", "2", "2", "3"}), 0, 3)
)

// drawAttribute draws an attribute, most often of its type.
func drawAttribute(t *rapid.T, name string) []byte {
	var value any
	switch name {
	case "alpha", "beta", "epsilon", "min", "max", "ratio", "value_float", "threshold", "default_float", "replaced_value_float":
		value = anyFloat.Draw(t, name)
	case "axes", "perm", "starts", "ends", "split", "value_ints", "keys_int64s", "values_int64s", "inputdimensions", "classlabels_int64s", "classlabels_ints":
		value = rapid.SliceOfN(anyWhole, 0, 3).Draw(t, name)
	case "value_floats", "offset", "scale", "imputed_value_floats", "keys_floats", "values_floats", "coefficients", "intercepts":
		value = rapid.SliceOfN(anyFloat, 0, 6).Draw(t, name)
	case "classlabels_strings":
		value = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "b"}), 0, 3).Draw(t, name)
	case "norm", "post_transform", "approximate":
		value = rapid.SampledFrom([]string{"L1", "L2", "MAX", "NONE", "SOFTMAX", "LOGISTIC", "PROBIT", "SOFTMAX_ZERO", "none", "tanh"}).Draw(t, name)
	case "to":
		value = rapid.Int64Range(0, 11).Draw(t, name)
	case "value":
		value = drawTensor(t, "")
	default:
		value = anyWhole.Draw(t, name)
	}
	return attr(name, value)
}

// drawTensor draws a constant with as many elements as its dims say.
func drawTensor(t *rapid.T, name string) tensor {
	dims, count := anyDims.Draw(t, "dims"), 1
	for _, d := range dims {
		count *= int(d[0] - '0')
	}
	shape := strings.Join(dims, " ")
	switch rapid.IntRange(0, 9).Draw(t, "type") {
	case 0:
		return constantOf(name, shape, rapid.SliceOfN(rapid.Bool(), count, count).Draw(t, "truths")...)
	case 1:
		return constantOf(name, shape, rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), count, count).Draw(t, "texts")...)
	case 2:
		return constantOf(name, shape, rapid.SliceOfN(rapid.SampledFrom([]float64{0.1, 1e300}), count, count).Draw(t, "doubles")...)
	case 3, 4, 5, 6:
		return constantOf(name, shape, rapid.SliceOfN(anyWhole, count, count).Draw(t, "wholes")...)
	}
	return constantOf(name, shape, rapid.SliceOfN(anyFloat, count, count).Draw(t, "floats")...)
}

// inputsOf are inputs that fit an operator: a value, a list of floats, which is the same for all p, or
// of whole numbers. Others have one value or two.
var inputsOf = map[string]string{
	"BatchNormalization": "vpppp", "LayerNormalization": "vpp", "Gemm": "vpp", "MatMul": "vp", "Reshape": "vi", "Squeeze": "vi", "Unsqueeze": "vi",
	"Slice": "viii", "Split": "vi", "Gather": "vi", "ArrayFeatureExtractor": "vi", "Expand": "vi", "ConstantOfShape": "i", "ReduceSum": "vi",
	"Where": "vvv", "Concat": "vv", "Clip": "vpp", "Pow": "vp", "Constant": "", "PRelu": "vp", "ReduceMax": "v", "Cast": "v",
}

var fitting = [][]byte{floats("p0", "", 0.5), floats("p1", "0"), floats("p2", "1", 2), floats("p3", "2", 1, 2), floats("p4", "3", 1, 2, 3), floats("p5", "1 2", 1, 2),
	floats("p6", "2 1", 1, 2), floats("p7", "2 2", 1, 2, 3, 4), wholes("i0", "1", 0), wholes("i1", "1", 1), wholes("i2", "1", -1), wholes("i3", "2", 0, 1),
	wholes("i4", "2", -1, 2), wholes("i5", "3", 0, 1, -1), wholes("i6", "0"), wholes("i7", "", 1)}

// drawInputs draws the names of inputs, which most often fit.
func drawInputs(t *rapid.T, operator string, values []string) (line string) {
	kinds, listed := inputsOf[operator]
	if !listed {
		kinds = rapid.SampledFrom([]string{"v", "vv", "vp"}).Draw(t, "kinds")
	}
	if rapid.IntRange(0, 9).Draw(t, "fit") == 0 {
		kinds = rapid.SampledFrom([]string{"", "v", "vv", "vvv", "vvvvv"}).Draw(t, "kinds")
	}
	float := fmt.Sprint(" p", rapid.IntRange(0, 7).Draw(t, "floats"))
	for _, k := range kinds {
		switch k {
		case 'v':
			line += " " + values[len(values)-1-min(len(values)-1, rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2, 3, 4, 5}).Draw(t, "input"))]
		case 'p':
			line += float
		case 'i':
			line += fmt.Sprint(" i", rapid.IntRange(0, 7).Draw(t, "wholes"))
		}
	}
	return line
}

// anyGraph draws a graph of any operators. It returns the names of all that its nodes make.
func anyGraph(t *rapid.T) (_ [][]byte, made []string) {
	var keys []key
	for k := range operators {
		if !strings.HasPrefix(k.operator, "TreeEnsemble") {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.operator, b.operator) })
	parts, values := slices.Clone(fitting), []string{"x"}
	for i := range rapid.IntRange(0, 2).Draw(t, "constants") {
		name := fmt.Sprint("c", i)
		parts, values = append(parts, text(5, string(drawTensor(t, name)))), append(values, name)
	}
	values = append(values, "x")
	for i := range rapid.IntRange(1, 7).Draw(t, "nodes") {
		k := rapid.SampledFrom(keys).Draw(t, "operator")
		line := k.operator
		if k.domain != "" {
			line = "ml." + line
		}
		line += drawInputs(t, k.operator, values)
		first, second := fmt.Sprint("v", i), fmt.Sprint("w", i)
		line += " -> " + first
		if rapid.IntRange(0, 4).Draw(t, "outputs") == 0 {
			line, made = line+" "+second, append(made, second)
		}
		var attributes [][]byte
		for _, name := range strings.Fields(attributesOf[k.operator]) {
			if rapid.IntRange(0, 2).Draw(t, "has "+name) == 0 {
				attributes = append(attributes, drawAttribute(t, name))
			}
		}
		parts, values, made = append(parts, node(line, attributes...)), append(values, first), append(made, first)
	}
	return parts, made
}

// TestAnyGraph wants of every graph that it is refused with a sentence about a node or an output, or that
// a row has the same answer alone and among others.
func TestAnyGraph(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		parts, made := anyGraph(t)
		element := rapid.SampledFrom([]int64{proto.Float, proto.Float, proto.Float, proto.Int64}).Draw(t, "output")
		parts = append(parts, info(12, made[rapid.IntRange(0, len(made)-1).Draw(t, "made")], element))
		file := drawn(rapid.Int64Range(7, 28).Draw(t, "opset"), rapid.IntRange(1, 3).Draw(t, "dim"), parts...)
		kind := wire.Raw
		if element == proto.Int64 {
			kind = wire.Class
		}
		m, err := Parse(file, forest.Options{Output: kind})
		if err != nil {
			if s := err.Error(); strings.Contains(s, "%!") || strings.Contains(s, "\n") || len(s) > 1200 {
				t.Fatalf("this is no sentence: %q", s)
			}
			return
		}
		accepted++
		dim, outputs, scorer := m.Shape().Dim, m.Shape().Outputs, m.NewScorer()
		const count = 5
		rows := rapid.SliceOfN(anyFloat, count*dim, count*dim).Draw(t, "rows")
		all, one := make([]float32, count*outputs), make([]float32, outputs)
		if err := scorer.Score(rows, dim, all); err != nil {
			t.Fatal(err)
		}
		for i := range count {
			if err := scorer.Score(rows[i*dim:(i+1)*dim], dim, one); err != nil {
				t.Fatal(err)
			}
			if among := all[i*outputs : (i+1)*outputs]; !sameBits(one, among) {
				t.Fatalf("row %d has %v alone and %v among others", i, one, among)
			}
		}
	})
	if accepted == 0 {
		t.Error("no graph was accepted")
	}
	t.Logf("%d graphs were accepted", accepted)
}

// TestSharing wants the same answer of a graph whose values are all outputs as well. Then nothing becomes
// a part of a layer. All numbers are small and whole, so that nothing is rounded.
func TestSharing(t *testing.T) {
	lines := []string{"Gemm IN w b", "Gemm IN w", "Gemm IN w IN", "MatMul IN w", "Add IN b", "Add b IN", "Add IN s", "Relu IN", "Neg IN", "Identity IN", "Sub IN b", "Sub b IN",
		"Clip IN low high", "LeakyRelu IN", "Add IN x", "Add IN IN", "Sum IN b s b", "Max IN b", "Reshape IN flat", "Reshape IN cube", "Mean IN IN"}
	whole := rapid.Custom(func(t *rapid.T) float32 { return float32(rapid.IntRange(-3, 3).Draw(t, "number")) })
	numbers := func(t *rapid.T, name, dims string, count int) []byte {
		return floats(name, dims, rapid.SliceOfN(whole, count, count).Draw(t, name)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := [][]byte{numbers(t, "w", "3 3", 9), numbers(t, "b", "3", 3), numbers(t, "s", "", 1), floats("low", "", -40), floats("high", "", 50),
			wholes("flat", "2", -1, 3), wholes("cube", "3", 0, 1, 3)}
		values := []string{"x"}
		for i := range rapid.IntRange(1, 8).Draw(t, "nodes") {
			line := rapid.SampledFrom(lines).Draw(t, "line")
			from := values[len(values)-1-min(len(values)-1, rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "from"))]
			name := fmt.Sprint("v", i)
			var attributes [][]byte
			if strings.HasPrefix(line, "Gemm") && rapid.Bool().Draw(t, "factors") {
				attributes = [][]byte{attr("alpha", float32(2)), attr("beta", float32(rapid.IntRange(0, 3).Draw(t, "beta")))}
			}
			if strings.HasPrefix(line, "Leaky") {
				attributes = [][]byte{attr("alpha", float32(2))}
			}
			parts, values = append(parts, node(strings.ReplaceAll(line, "IN", from)+" -> "+name, attributes...)), append(values, name)
		}
		outs := [][]byte{out(values[len(values)-1])}
		alone, err := Parse(drawn(13, 3, append(parts, outs...)...), forest.Options{})
		if err != nil {
			return
		}
		for _, name := range values[1 : len(values)-1] {
			outs = append(outs, out(name))
		}
		shared, err := Parse(drawn(13, 3, append(parts, outs...)...), forest.Options{})
		if err != nil {
			return // a value that the output does not need may be refused
		}
		rows := rapid.SliceOfN(whole, 6, 6).Draw(t, "rows")
		a, b := make([]float32, 2*alone.Shape().Outputs), make([]float32, 2*shared.Shape().Outputs)
		if err := alone.Score(a, rows); err != nil {
			t.Fatal(err)
		}
		if err := shared.Score(b, rows); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			got, want := a[i*len(a)/2:(i+1)*len(a)/2], b[i*len(b)/2:][:len(a)/2]
			if !slices.Equal(got, want) {
				t.Fatalf("row %d: %v, and %v where all values are outputs: %v", i, got, want, alone.About.Stages)
			}
		}
	})
}

// Each operator that may have attributes is one that there is.
func TestAttributesOf(t *testing.T) {
	for operator := range maps.Keys(attributesOf) {
		if operators[key{"", operator}] == nil && operators[key{"ai.onnx.ml", operator}] == nil {
			t.Errorf("there is no operator %s", operator)
		}
	}
}
