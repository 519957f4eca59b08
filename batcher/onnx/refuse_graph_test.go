package onnx

import (
	"math"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

// spoilt is a graph that is refused, and what the sentence says.
type spoilt struct {
	name  string
	file  []byte
	words []string
}

func refuseAll(t *testing.T, kind wire.Kind, all []spoilt) {
	t.Helper()
	for _, c := range all {
		refused(t, c.name, c.file, forest.Options{Output: kind}, c.words)
	}
}

// says are the words of a sentence about the only node of interest.
func says(operator string, words ...string) []string {
	return append([]string{"node ", operator}, words...)
}

// of draws a graph of rows of three columns, with the output y.
func of(parts ...[]byte) []byte { return drawn(13, 3, append(parts, out("y"))...) }

// noColumns draws such a graph, in which a has the rows without any columns.
func noColumns(parts ...[]byte) []byte {
	return of(append(parts, wholes("none", "1", 0), wholes("axis", "1", 1), node("Slice x none none axis -> a"))...)
}

func TestRefusedLayers(t *testing.T) {
	w, v := floats("w", "3 2", 1, 2, 3, 4, 5, 6), floats("v", "3", 1, 2, 3)
	norm := func(attributes ...[]byte) []byte {
		return of(v, node("BatchNormalization x v v v v -> y", attributes...))
	}
	refuseAll(t, wire.Raw, []spoilt{
		{"Gemm of other shapes", of(w, node("Gemm x w -> y", attr("transB", 1))), says("Gemm", "[N, 3]", "[3, 2]")},
		{"Gemm by a vector", of(v, node("Gemm x v -> y")), says("Gemm", "[3]")},
		{"Gemm of rows that are transposed", of(w, node("Gemm x w -> y", attr("transA", 1))), says("Gemm", "[3, N]")},
		{"Gemm by the rows", of(w, node("Gemm x x -> y")), says("Gemm", `"x"`, "depends on the row")},
		{"Gemm with alpha 0", of(w, node("Gemm x w -> y", attr("alpha", float32(0)))), says("Gemm", "alpha is 0")},
		{"Gemm with a C of another shape", of(w, v, node("Gemm x w v -> y")), says("Gemm", "[N, 2]", "3")},
		{"Gemm with a C that is wider", of(floats("w", "3 1", 1, 2, 3), v, node("Gemm x w v -> y")), says("Gemm", `"v"`, "[3]", "[N, 1]")},
		{"Gemm by whole numbers", of(wholes("w", "3 1", 1, 2, 3), node("Gemm x w -> y")), says("Gemm", "int64")},
		{"Gemm with an attribute of a wrong type", of(w, node("Gemm x w -> y", attr("transB", "yes"))), says("Gemm", "transB", "STRING", "INT")},
		{"Gemm with an unknown attribute", of(w, node("Gemm x w -> y", attr("transC", 1))), says("Gemm", "transC")},
		{"MatMul of other shapes", of(floats("w", "2 1", 1, 2), node("MatMul x w -> y")), says("MatMul", "[N, 3]", "[2, 1]")},
		{"MatMul by a cube", of(floats("w", "1 3 1", 1, 2, 3), node("MatMul x w -> y")), says("MatMul", "[1, 3, 1]")},
		{"MatMul over the rows", of(w, node("Transpose x -> a"), node("MatMul a w -> y")), says("MatMul", "[3, N]")},
		{"MatMul of no columns", noColumns(floats("w", "0 2"), node("MatMul a w -> y")),
			says("MatMul", "[N, 0]", "[0, 2]")},
		{"BatchNormalization of no columns", noColumns(floats("v", "0"), node("BatchNormalization a v v v v -> y")), says("BatchNormalization", "[N, 0]")},
		{"Scaler of no columns", noColumns(node("ml.Scaler a -> y")), says("Scaler", "[N, 0]")},
		{"LinearRegressor of no columns", noColumns(node("ml.LinearRegressor a -> y", attr("intercepts", []float32{1}))), says("LinearRegressor", "[N, 0]")},
		{"BatchNormalization while training", norm(attr("training_mode", 1)), says("BatchNormalization", "training_mode", "export")},
		{"BatchNormalization of places", norm(attr("spatial", 0)), says("BatchNormalization", "spatial is 0")},
		{"BatchNormalization of other channels", of(floats("v", "2", 1, 2), node("BatchNormalization x v v v v -> y")), says("BatchNormalization", `"v"`, "2 numbers for 3 channels")},
		{"BatchNormalization without its mean", of(v, node("BatchNormalization x v v -> y")), says("BatchNormalization", "no input 3")},
		{"BatchNormalization with its mean as output", of(v, node("BatchNormalization x v v v v -> b m"), node("Add b m -> y")), says("BatchNormalization", "besides the first")},
		{"LayerNormalization of the rows", of(v, node("LayerNormalization x v -> y", attr("axis", 0))), says("LayerNormalization", "axis 0", "[N, 3]", "rows")},
		{"LayerNormalization with another scale", of(floats("v", "2", 1, 2), node("LayerNormalization x v -> y")), says("LayerNormalization", "2", "3")},
		{"LayerNormalization with its mean as output", of(v, node("LayerNormalization x v . -> b m"), node("Add b m -> y")), says("LayerNormalization", "besides the first")},
		{"Softmax over the rows", of(node("Softmax x -> y", attr("axis", -2))), says("Softmax", "axis -2", "rows")},
		{"Softmax over an axis in the middle", of(wholes("cube", "3", -1, 3, 1), wholes("two", "3", 1, 1, 2), node("Reshape x cube -> a"), node("Expand a two -> b"),
			node("Softmax b -> c", attr("axis", 1)), node("Flatten c -> y")), says("Softmax", "axis 1", "not the last")},
		{"Softmax far off", of(node("Softmax x -> y", attr("axis", int64(math.MaxInt64)))), says("Softmax", "axis 9223372036854775807")},
		{"LpNormalization of another p", of(node("LpNormalization x -> y", attr("p", 3))), says("LpNormalization", "p 3")},
		{"Scaler with lists of other lengths", of(node("ml.Scaler x -> y", attr("offset", []float32{1, 2}), attr("scale", []float32{1}))), says("ml.Scaler", "2", "1")},
		{"Scaler of other columns", of(node("ml.Scaler x -> y", attr("offset", []float32{1, 2}), attr("scale", []float32{1, 2}))), says("ml.Scaler", "2", "3")},
		{"Scaler of a cube", of(wholes("cube", "3", -1, 3, 1), node("Reshape x cube -> a"), node("ml.Scaler a -> y", attr("offset", []float32{1}), attr("scale", []float32{1}))),
			says("ml.Scaler", "[N, 3, 1]")},
		{"Scaler of a constant", of(v, node("ml.Scaler v -> y", attr("offset", []float32{1}), attr("scale", []float32{1}))), says("ml.Scaler", "constant")},
		{"Normalizer with another norm", of(node("ml.Normalizer x -> y", attr("norm", "L3"))), says("ml.Normalizer", "L3", "L2")},
		{"Imputer of other columns", of(node("ml.Imputer x -> y", attr("imputed_value_floats", []float32{1, 2}))), says("ml.Imputer", "2 numbers for 3 columns")},
		{"Imputer without numbers", of(node("ml.Imputer x -> y")), says("ml.Imputer", "0 numbers")},
		{"LinearRegressor of other columns", of(node("ml.LinearRegressor x -> y", attr("coefficients", []float32{1, 2}))), says("ml.LinearRegressor", "2 coefficients for 3 columns")},
		{"LinearRegressor with many targets", of(node("ml.LinearRegressor x -> y", attr("coefficients", []float32{1, 2, 3}), attr("targets", int64(math.MaxInt64)))),
			says("ml.LinearRegressor", "3 coefficients")},
		{"LinearClassifier of one class", of(node("ml.LinearClassifier x -> l y", attr("coefficients", []float32{1, 2, 3}), attr("intercepts", []float32{0}),
			attr("classlabels_ints", []int64{5}))), says("ml.LinearClassifier", "1 label")},
		{"LinearClassifier with other intercepts", of(node("ml.LinearClassifier x -> l y", attr("coefficients", []float32{1, 2, 3}), attr("intercepts", []float32{0, 1}),
			attr("classlabels_ints", []int64{5, 6, 7}))), says("ml.LinearClassifier", "3 labels and 2 intercepts")},
		{"LinearClassifier with one probit", of(node("ml.LinearClassifier x -> l y", attr("coefficients", []float32{1, 2, 3}), attr("intercepts", []float32{0}),
			attr("classlabels_ints", []int64{5, 6}), attr("post_transform", "PROBIT"))), says("ml.LinearClassifier", "PROBIT")},
	})
}

func TestRefusedMath(t *testing.T) {
	refuseAll(t, wire.Raw, []spoilt{
		{"an operator of another domain", of(node("ml.Add x x -> y")), says("ai.onnx.ml.Add", "not supported")},
		{"Add of one", of(node("Add x -> y")), says("Add", "1 inputs")},
		{"Add of none", of(node("Neg x -> a"), node("Sum -> y")), says("Sum", "0 inputs")},
		{"Add of other shapes", of(floats("v", "2", 1, 2), node("Add x v -> y")), says("Add", "[N, 3]", "[1, 2]")},
		{"Add to all rows", of(floats("v", "2 1", 1, 2), node("Add x v -> y")), says("Add", "[N, 3]", "[2, 1]")},
		{"Add of rows and columns", of(node("Transpose x -> a"), node("Add x a -> y")), says("Add", "[N, 3]", "[3, N]")},
		{"Add of other types", of(wholes("v", "", 1), node("Add x v -> y")), says("Add", "float", "int64")},
		{"Add of truths", of(node("IsNaN x -> a"), node("Add a a -> b"), node("Cast b -> y", attr("to", 1))), says("Add", "bool")},
		{"And of numbers", of(node("And x x -> a"), node("Cast a -> y", attr("to", 1))), says("And", "float")},
		{"Not of numbers", of(node("Not x -> y")), says("Not", "float")},
		{"Sqrt of whole numbers", of(node("Cast x -> a", attr("to", 7)), node("Sqrt a -> b"), node("Cast b -> y", attr("to", 1))), says("Sqrt", "int64")},
		{"Where on numbers", of(node("Where x x x -> y")), says("Where", "float")},
		{"Where of two types", of(node("IsNaN x -> a"), wholes("v", "", 1), node("Where a x v -> y")), says("Where", "int64")},
		{"Where of other shapes", of(node("IsNaN x -> a"), floats("v", "2", 1, 2), node("Where a x v -> y")), says("Where", "[1, 2]")},
		{"Pow of rows", of(node("Pow x x -> y")), says("Pow", "constant")},
		{"Pow with a broken exponent", of(floats("e", "", 1.5), node("Pow x e -> y")), says("Pow", "whole")},
		{"Pow with a large exponent", of(floats("e", "", 65), node("Pow x e -> y")), says("Pow", "64")},
		{"Pow with NaN", of(floats("e", "", nan32), node("Pow x e -> y")), says("Pow", "whole")},
		{"Pow of a base below 0", of(floats("b", "", -2), node("Pow b x -> y")), says("Pow", "above 0")},
		{"Clip with several limits", of(floats("low", "3", 1, 2, 3), node("Clip x low -> y")), says("Clip", `"low"`, "[3]", "single")},
		{"Clip by the row", of(node("Clip x x -> y")), says("Clip", "depends on the row")},
		{"Clip by NaN", of(floats("low", "", nan32), node("Clip x low -> y")), says("Clip", "NaN")},
		{"Clip by a text", of(texts("low", "", "a"), node("Clip x low -> y")), says("Clip", `"low"`)},
		{"Clip by a whole number", of(wholes("low", "", 1), node("Clip x low -> y")), says("Clip", `"low"`, "int64")},
		{"Elu with an infinite alpha", of(node("Elu x -> y", attr("alpha", inf32))), says("Elu", "alpha", "Inf")},
		{"Gelu of another kind", of(node("Gelu x -> y", attr("approximate", "sigmoid"))), says("Gelu", "sigmoid")},
		{"Celu with alpha below 0", of(node("Celu x -> y", attr("alpha", float32(-2)))), says("Celu", "alpha is -2")},
		{"Celu with alpha 0", of(node("Celu x -> y", attr("alpha", float32(0)))), says("Celu", "alpha is 0")},
		{"a constant with elements of another type", of(text(5, join(number64(1, 1), number64(2, proto.Float), number64(7, 3), text(8, "c"))),
			node("Add x c -> y")), []string{`constant "c"`, "of type float", "another"}},
		{"Swish with another alpha", of(node("Swish x -> y", attr("alpha", float32(2)))), says("Swish", "alpha")},
		{"Dropout while training", of(floats("r", "", 0.5), truths("yes", "", true), node("Dropout x r yes -> y")), says("Dropout", "training_mode")},
		{"Dropout with its mask", of(node("Dropout x -> a m"), node("Cast m -> b", attr("to", 1)), node("Add a b -> y")), says("Dropout", "mask")},
	})
}

func TestRefusedTypes(t *testing.T) {
	refuseAll(t, wire.Raw, []spoilt{
		{"Cast to a type that is not there", of(node("Cast x -> y", attr("to", 10))), says("Cast", "float16")},
		{"Cast of rows to float64", of(node("Cast x -> a", attr("to", 11)), node("Cast a -> y", attr("to", 1))), says("Cast", "double")},
		{"Cast without a type", of(node("Cast x -> y")), says("Cast", "type 0")},
		{"Cast of rows to text", of(node("Cast x -> a", attr("to", 8)), node("Cast a -> y", attr("to", 1))), says("Cast", "string")},
		{"Cast of constant texts", of(texts("v", "1", "7"), node("Cast v -> a", attr("to", 7)), node("Cast a -> b", attr("to", 1)), node("Add x b -> y")), says("Cast", "string", "int64")},
		{"Cast of NaN to a whole number", of(floats("v", "1", nan32), node("Cast v -> a", attr("to", 7)), node("Cast a -> b", attr("to", 1)), node("Add x b -> y")),
			says("Cast", "NaN")},
		{"whole numbers that may be large", of(node("Cast x -> a", attr("to", 7)), wholes("v", "", 1), node("Add a v -> b"), node("Cast b -> y", attr("to", 1))),
			says("Add", "16777216")},
		{"whole numbers that are large", of(wholes("v", "", 1<<24), node("Add v v -> a"), node("Cast a -> b", attr("to", 1)), node("Add x b -> y")),
			says("Add", "16777216")},
		{"a large whole number that is rounded", of(wholes("v", "", 1<<25-1), wholes("w", "", 2), node("Div v w -> a"), node("Cast a -> b", attr("to", 1)), node("Add x b -> y")),
			says("Div", "16777216")},
		{"whole numbers by 0", of(wholes("v", "", 1), wholes("w", "", 0), node("Div v w -> a"), node("Cast a -> b", attr("to", 1)), node("Add x b -> y")), says("Div", "by 0")},
		{"quotients of the row's whole numbers", of(node("ArgMax x -> a", attr("axis", 1)), node("Div a a -> b"), node("Cast b -> y", attr("to", 1))), says("Div", "whole numbers")},
		{"OneHotEncoder of texts", of(node("ml.OneHotEncoder x -> y", attr("cats_strings", []string{"a"}))), says("ml.OneHotEncoder", "cats_int64s")},
		{"OneHotEncoder of large numbers", of(node("ml.OneHotEncoder x -> y", attr("cats_int64s", []int64{1 << 25}))), says("ml.OneHotEncoder", "16777216")},
		{"LabelEncoder to texts", of(node("ml.LabelEncoder x -> y", attr("keys_floats", []float32{1}), attr("values_strings", []string{"a"}))), says("ml.LabelEncoder", "float")},
		{"LabelEncoder of other keys", of(node("ml.LabelEncoder x -> y", attr("keys_int64s", []int64{1}), attr("values_floats", []float32{1}))), says("ml.LabelEncoder", "float")},
		{"LabelEncoder of fewer values", of(node("ml.LabelEncoder x -> y", attr("keys_floats", []float32{1, 2}), attr("values_floats", []float32{1}))),
			says("ml.LabelEncoder", "2 keys and 1 values")},
		{"LabelEncoder to large numbers", of(node("ml.LabelEncoder x -> a", attr("keys_floats", []float32{1}), attr("values_int64s", []int64{1 << 25})), node("Cast a -> y", attr("to", 1))),
			says("ml.LabelEncoder", "16777216")},
	})
}

func TestRefusedValues(t *testing.T) {
	refuseAll(t, wire.Raw, []spoilt{
		{"Constant without a value", of(node("Constant -> a"), node("Add x a -> y")), says("Constant", "no value")},
		{"Constant with a value of a wrong type", of(node("Constant -> a", attr("value_float", 1)), node("Add x a -> y")), says("Constant", "value_float", "INT")},
		{"Constant with two values", of(node("Constant -> a", attr("value_float", float32(1)), attr("value_int", 1)), node("Add x a -> y")), says("Constant", "value_int")},
		{"Constant with a tensor of other dims", of(node("Constant -> a", attr("value", constantOf[float32]("", "2", 1))), node("Add x a -> y")), says("Constant", "[2]", "1")},
		{"an output that its node does not make", of(node("Relu x -> a y")), []string{`"y"`}},
		{"an input that its node does not make", of(node("Relu x -> a b"), node("Neg b -> y")), says("Neg", `"b"`)},
		{"an output that is a constant", of(floats("v", "", 1), node("Neg v -> y")), []string{`"y"`, "constant"}},
		{"an output of another type", of(node("IsNaN x -> y")), []string{`"y"`, "bool"}},
		{"an output of float64", of(floats("one", "", 1), node("Shape x -> a"), node("ConstantOfShape a -> y", attr("value", constantOf[float64]("", "1", 0.1)))), says("ConstantOfShape", "double")},
		{"rows that come second", of(node("Transpose x -> y")), []string{`"y"`, "[3, N]"}},
		{"a text among the numbers", of(texts("v", "", "a"), node("Add x v -> y")), says("Add", `"v"`, "text")},
		{"numbers of more than one type of a constant", of(text(5, string(constantOf("v", "3", "a", "b", "c"))+string(constantOf("v", "", float32(1), 2, 3))), node("Add x v -> y")),
			[]string{`"v"`}},
	})
}

func TestRefusedClasses(t *testing.T) {
	two := node("ml.LinearClassifier x -> l p", attr("coefficients", []float32{1, 0, 0}), attr("intercepts", []float32{0}), attr("classlabels_strings", []string{"a", "b"}))
	class := func(parts ...[]byte) []byte { return drawn(13, 3, append(parts, labelled("y"))...) }
	arg := node("ArgMax x -> a", attr("axis", 1))
	refuseAll(t, wire.Class, []spoilt{
		{"two outputs of labels", class(two, arg, node("Identity a -> y"), info(12, "l", proto.String)), []string{"class", "2 outputs of labels"}},
		{"several labels of a row", class(node("Cast x -> y", attr("to", 7))), []string{"class", `"y"`, "3 labels"}},
		{"a score as the label", class(node("ReduceSum x -> y", attr("axes", []int64{1}))), []string{`"y"`, "float"}},
		{"a list that is too short", class(wholes("names", "2", 1, 2), arg, node("Gather names a -> y")), says("Gather", "list of 2")},
		{"a place that may be anything", class(wholes("names", "3", 1, 2, 3), node("Cast x -> a", attr("to", 7)), node("Gather names a -> y")), says("Gather", "list of 3")},
		{"a place that a constant makes large", class(wholes("names", "3", 1, 2, 3), arg, wholes("far", "", 1000), node("Max a far -> b"), node("Gather names b -> y")), says("Gather", "list of 3")},
		{"a place that may be a large constant", class(wholes("names", "3", 1, 2, 3), arg, wholes("far", "", 1000), node("Equal a far -> b"), node("Where b a far -> c"),
			node("Gather names c -> y")), says("Gather", "list of 3")},
		{"a matrix of labels", class(wholes("names", "3 1", 1, 2, 3), arg, node("Gather names a -> y")), says("Gather", "one axis")},
		{"several places for a list", class(wholes("names", "3", 1, 2, 3), node("IsNaN x -> a"), node("Cast a -> b", attr("to", 7)), node("ml.ArrayFeatureExtractor names b -> y")),
			says("ml.ArrayFeatureExtractor", "3 places")},
	})
	refuseAll(t, wire.Raw, []spoilt{
		{"the text of a label as a number", of(two, node("Cast l -> y", attr("to", 1))), says("Cast", `"l"`, "text")},
		{"the text of a label in a sum", of(two, node("Add l p -> y")), says("Add", `"l"`, "text")},
		{"large numbers of labels", of(wholes("names", "3", 1, 2, 1<<25), arg, node("Gather names a -> b"), node("Neg b -> c"), node("Cast c -> y", attr("to", 1))), says("Neg", "16777216")},
		{"ZipMap of other classes", of(node("ml.ZipMap x -> y", attr("classlabels_int64s", []int64{1, 2}))), says("ml.ZipMap", "2 columns", "3")},
	})
}

// A slice may leave a matrix of no columns.
func TestRefusedNothing(t *testing.T) {
	none := func(parts ...[]byte) []byte {
		return of(append(parts, wholes("none", "1", 0), wholes("axis", "1", 1), node("Slice x none none axis -> a"))...)
	}
	v := floats("v", "0")
	cube := wholes("cube", "3", -1, 2, 0)
	refuseAll(t, wire.Raw, []spoilt{
		{"BatchNormalization", none(v, node("BatchNormalization a v v v v -> y")), says("BatchNormalization", "no numbers")},
		{"BatchNormalization of channels of nothing", none(floats("w", "2", 1, 2), cube, node("Reshape a cube -> b", attr("allowzero", 1)), node("BatchNormalization b w w w w -> y")),
			says("BatchNormalization", "no numbers")},
		{"LayerNormalization", none(v, node("LayerNormalization a v -> y")), says("LayerNormalization", "[N, 0]")},
		{"Softmax", none(node("Softmax a -> y")), says("Softmax", "[N, 0]")},
		{"LpNormalization", none(node("LpNormalization a -> y")), says("LpNormalization", "[N, 0]")},
		{"Gemm", none(floats("w", "0 2"), node("Gemm a w -> y")), says("Gemm", "[N, 0]")},
		{"Scaler", none(node("ml.Scaler a -> y", attr("offset", []float32{1}), attr("scale", []float32{1}))), says("ml.Scaler", "[N, 0]")},
		{"Normalizer", none(node("ml.Normalizer a -> y")), says("ml.Normalizer", "[N, 0]")},
		{"Imputer", none(node("ml.Imputer a -> y")), says("ml.Imputer", "[N, 0]")},
		{"LinearRegressor", none(node("ml.LinearRegressor a -> y")), says("ml.LinearRegressor", "[N, 0]")},
		{"LinearClassifier", none(node("ml.LinearClassifier a -> l y", attr("intercepts", []float32{1, 2}), attr("classlabels_ints", []int64{1, 2}))), says("ml.LinearClassifier", "[N, 0]")},
		{"trees", none(node("ml.TreeEnsembleRegressor a -> y", attr("nodes_modes", []string{"LEAF"}), attr("nodes_nodeids", []int64{0}), attr("nodes_treeids", []int64{0}),
			attr("nodes_featureids", []int64{0}), attr("nodes_values", []float32{0}), attr("nodes_truenodeids", []int64{0}), attr("nodes_falsenodeids", []int64{0}),
			attr("target_ids", []int64{0}), attr("target_nodeids", []int64{0}), attr("target_treeids", []int64{0}), attr("target_weights", []float32{5}))), says("ml.TreeEnsembleRegressor", "[N, 0]")},
	})
	answers(t, wire.Raw, []exact{
		{"a sum of nothing", drawn(11, 3, node("Slice x -> a", attr("starts", []int64{0}), attr("ends", []int64{0}), attr("axes", []int64{1})),
			node("ReduceSum a -> y", attr("axes", []int64{1})), out("y")), []float32{1, 2, 3}, []float32{0}},
		{"nothing beside something", drawn(11, 3, node("Slice x -> a", attr("starts", []int64{0}), attr("ends", []int64{0}), attr("axes", []int64{1})),
			node("Neg a -> b"), node("Concat b x b -> y", attr("axis", 1)), out("y")), []float32{1, 2, 3}, []float32{1, 2, 3}},
	})
}
