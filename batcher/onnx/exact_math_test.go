package onnx

import (
	"fmt"
	"math"
	"testing"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

// unary is a graph of one operator of one input.
func unary(opset int64, operator string, attributes ...[]byte) []byte {
	return drawn(opset, 4, node(operator+" x -> y", attributes...), out("y"))
}

func TestFunctions(t *testing.T) {
	row, zero := []float32{-2.5, 0, 0.5, nan32}, float32(math.Copysign(0, -1))
	answers(t, wire.Raw, []exact{
		{"Relu", unary(13, "Relu"), row, []float32{0, 0, 0.5, nan32}},
		{"LeakyRelu", unary(13, "LeakyRelu", attr("alpha", float32(0.5))), row, []float32{-1.25, 0, 0.5, nan32}},
		{"Clip with attributes", unary(6+1, "Clip", attr("min", float32(-1)), attr("max", float32(0.25))), row, []float32{-1, 0, 0.25, nan32}},
		{"Clip with inputs", drawn(11, 4, floats("low", "", -1), node("Clip x low -> y"), out("y")), row, []float32{-1, 0, 0.5, nan32}},
		{"Clip from above", drawn(11, 4, floats("high", "", -1), node("Clip x . high -> y"), out("y")), row, []float32{-2.5, -1, -1, nan32}},
		{"Abs", unary(13, "Abs"), row, []float32{2.5, 0, 0.5, nan32}},
		{"Neg", unary(13, "Neg"), []float32{-2.5, 1, 2, nan32}, []float32{2.5, -1, -2, nan32}},
		{"Sign", unary(13, "Sign"), row, []float32{-1, 0, 1, nan32}},
		{"Floor", unary(13, "Floor"), row, []float32{-3, 0, 0, nan32}},
		{"Round", unary(13, "Round"), []float32{-2.5, 1.5, 0.25, 2.5}, []float32{-2, 2, 0, 2}},
		{"Reciprocal", unary(13, "Reciprocal"), []float32{-2, 0, 0.5, nan32}, []float32{-0.5, inf32, 2, nan32}},
		{"Sqrt", unary(13, "Sqrt"), []float32{4, 0, -1, inf32}, []float32{2, 0, nan32, inf32}},
		{"ThresholdedRelu", unary(13, "ThresholdedRelu", attr("alpha", float32(0.5))), row, []float32{0, 0, 0, 0}},
		{"ThresholdedRelu below 0", unary(13, "ThresholdedRelu", attr("alpha", float32(-3))), row, []float32{-2.5, 0, 0.5, 0}},
		{"HardSigmoid", unary(13, "HardSigmoid", attr("alpha", float32(0.5)), attr("beta", float32(0.5))), row, []float32{0, 0.5, 0.75, nan32}},
		{"Binarizer", unary(13, "ml.Binarizer", attr("threshold", float32(0.25))), row, []float32{0, 0, 1, 0}},
		{"Normalizer by the maximum, which is that of the numbers and not of their magnitudes", unary(13, "ml.Normalizer", attr("norm", "MAX")),
			[]float32{-1, -2, -4, -8, 0, -2, -4, -1, nan32, 2, 4, 1}, []float32{1, 2, 4, 8, 0, -2, -4, -1, nan32, 0.5, 1, 0.25}},
		{"BatchNormalization of channels with several numbers", drawn(13, 4, wholes("cube", "3", -1, 2, 2), wholes("flat", "2", -1, 4),
			floats("scale", "2", 1, 2), floats("bias", "2", 0, 1), floats("mean", "2", 1, 0), floats("variance", "2", 1, 4), node("Reshape x cube -> a"),
			node("BatchNormalization a scale bias mean variance -> b", attr("epsilon", float32(0))), node("Reshape b flat -> y"), out("y")),
			[]float32{1, 2, 3, 4}, []float32{0, 1, 4, 5}},
		{"IsNaN", drawn(13, 4, node("IsNaN x -> a"), node("Not a -> b"), node("Cast b -> y", attr("to", 1)), out("y")), row, []float32{1, 1, 1, 0}},
		{"Pow with a small exponent", drawn(13, 4, floats("three", "", 3), node("Pow x three -> y"), out("y")), row, []float32{-15.625, 0, 0.125, nan32}},
		{"Pow with a negative whole exponent", drawn(13, 4, wholes("e", "", -1), node("Pow x e -> y"), out("y")), []float32{-2, 4, 0.5, 1}, []float32{-0.5, 0.25, 2, 1}},
		{"Pow with the exponent 0", drawn(13, 4, wholes("e", "", 0), node("Pow x e -> y"), out("y")), row, []float32{1, 1, 1, 1}},
		{"whole numbers and truths with more bits than their types", drawn(13, 4,
			text(5, join(number64(1, 4), number64(2, proto.Bool), number64(5, 2), number64(5, 0), number64(5, -1), number64(5, 256), text(8, "t"))),
			text(5, join(number64(1, 1), number64(2, proto.Int32), number64(5, 1<<32+3), text(8, "i"))),
			text(5, join(number64(1, 1), number64(2, proto.Uint8), number64(5, -1), text(8, "u"))),
			node("Cast t -> a", attr("to", 1)), node("Cast i -> b", attr("to", 1)), node("Cast u -> c", attr("to", 1)),
			node("Mul x a -> d"), node("Add d b -> e"), node("Sub e c -> y"), out("y")), []float32{1, 1, 1, 1}, []float32{-251, -252, -251, -251}},
		{"Dropout 7", unary(7, "Dropout", attr("ratio", float32(0.5))), row, row},
		{"Dropout 12", drawn(12, 4, floats("ratio", "", 0.5), truths("no", "", false), node("Dropout x ratio no -> y"), out("y")), row, row},
		{"Cast to whole numbers", drawn(13, 4, node("Cast x -> a", attr("to", 7)), node("Cast a -> y", attr("to", 1)), out("y")),
			[]float32{-2.5, 2.5, 16777216, 0.5}, []float32{-2, 2, 16777216, 0}},
		{"Cast to bool", drawn(13, 4, node("Cast x -> a", attr("to", 9)), node("Cast a -> y", attr("to", 1)), out("y")), row, []float32{1, 0, 1, 1}},
		{"Softmax 11 over all axes behind", drawn(11, 4, wholes("cube", "3", -1, 2, 2), node("Reshape x cube -> a"), node("Softmax a -> b"),
			node("Flatten b -> y"), out("y")), []float32{3, 3, 3, 3}, []float32{0.25, 0.25, 0.25, 0.25}},
		{"Softmax 13 over the last axis", drawn(13, 4, wholes("cube", "3", -1, 2, 2), node("Reshape x cube -> a"), node("Softmax a -> b"),
			node("Flatten b -> y"), out("y")), []float32{3, 3, 3, 3}, []float32{0.5, 0.5, 0.5, 0.5}},
		{"Cast to whole numbers, without a sign of 0", drawn(13, 4, node("Cast x -> a", attr("to", 7)), node("Cast a -> y", attr("to", 1)), out("y")),
			[]float32{-0.5, zero, 0, 1}, []float32{0, 0, 0, 1}},
		{"Cast to bool, without a sign of 0", drawn(13, 4, node("Cast x -> a", attr("to", 9)), node("Cast a -> y", attr("to", 1)), out("y")),
			[]float32{-0.5, zero, 0, 1}, []float32{1, 0, 0, 1}},
		{"Neg and Mul of whole numbers", drawn(13, 4, node("ArgMax x -> a", attr("axis", 1)), node("Neg a -> b"), wholes("m", "", -3), node("Mul a m -> c"),
			node("Cast b -> d", attr("to", 1)), node("Cast c -> e", attr("to", 1)), node("Concat d e -> y", attr("axis", 1)), out("y")),
			[]float32{1, 0, 0, 0, 0, 0, 1, 0}, []float32{0, 0, -2, -6}},
		{"Cast of constants to whole numbers", drawn(13, 1, floats("c", "2", -0.5, zero), node("Cast c -> a", attr("to", 7)), node("Cast a -> b", attr("to", 1)),
			node("Reciprocal b -> d"), node("Mul x d -> y"), out("y")), []float32{1}, []float32{inf32, inf32}},
		{"Sign of 0", unary(13, "Sign"), []float32{zero, 0, -1, nan32}, []float32{0, 0, -1, nan32}},
		{"Pow with the exponent 0.5", drawn(13, 4, floats("e", "", 0.5), node("Pow x e -> y"), out("y")), []float32{zero, -inf32, 4, -1}, []float32{0, inf32, 2, nan32}},
		{"Where of 0", drawn(13, 4, truths("t", "4", true, false, true, false), node("Where t x x -> y"), out("y")), []float32{zero, zero, nan32, -inf32}, []float32{0, zero, nan32, -inf32}},
		{"OneHotEncoder", drawn(13, 2, node("Cast x -> a", attr("to", 7)), node("ml.OneHotEncoder a -> b", attr("cats_int64s", []int64{1, 2, 0})),
			node("Flatten b -> y"), out("y")), []float32{1, 2.75, -0.5, 9, nan32, -1}, []float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"OneHotEncoder of floats and equal categories", drawn(13, 2, node("ml.OneHotEncoder x -> b", attr("cats_int64s", []int64{1, 2, 1}), attr("zeros", 0)),
			node("Flatten b -> y"), out("y")), []float32{1.5, 2}, []float32{0, 0, 1, 0, 1, 0}},
		{"LabelEncoder of numbers", drawn(13, 4, node("ml.LabelEncoder x -> y", attr("keys_floats", []float32{1, 2, 1, nan32}),
			attr("values_floats", []float32{10, 20, 30, 40}), attr("default_float", float32(-1))), out("y")), []float32{1, 2, 3, nan32}, []float32{10, 20, -1, -1}},
	})
}

// Before ai.onnx.ml 4, onnxruntime finds no key that is NaN.
func TestLabelEncoderOfNaN(t *testing.T) {
	graph := join(node("ml.LabelEncoder x -> y", attr("keys_floats", []float32{1, nan32}), attr("values_floats", []float32{10, 40}),
		attr("default_float", float32(-1))), out("y"), info(11, "x", proto.Float, 2))
	for version, nan := range map[int64]float32{2: -1, 3: -1, 4: 40, 5: 40} {
		file := []byte(join(number64(1, 8), text(8, join(text(1, "ai.onnx.ml"), number64(2, version))), text(7, graph)))
		answers(t, wire.Raw, []exact{{fmt.Sprint("ai.onnx.ml ", version), file, []float32{1, nan32}, []float32{10, nan}}})
	}
}

func TestCombinations(t *testing.T) {
	binary := func(operator string, parts ...[]byte) []byte {
		return drawn(13, 3, append(parts, node(operator+" -> y"), out("y"))...)
	}
	three := floats("b", "3", 4, -2, 0.5)
	row := []float32{1, 2, 4}
	truth := func(operator string) []byte {
		return drawn(13, 3, three, node(operator+" x b -> a"), node("Cast a -> y", attr("to", 1)), out("y"))
	}
	answers(t, wire.Raw, []exact{
		{"Add", binary("Add x b", three), row, []float32{5, 0, 4.5}},
		{"Sub from the left", binary("Sub b x", three), row, []float32{3, -4, -3.5}},
		{"Mul by one for all", binary("Mul x b", floats("b", "", 2)), row, []float32{2, 4, 8}},
		{"Div by a matrix of one row", binary("Div x b", floats("b", "1 3", 2, 2, 8)), row, []float32{0.5, 1, 0.5}},
		{"Max of three", binary("Max x b x", three), row, []float32{4, 2, 4}},
		{"Min with NaN", binary("Min x b", three), []float32{nan32, 1, 1}, []float32{nan32, -2, 0.5}},
		{"Sum of one", binary("Sum x"), row, row},
		{"Mean of four", binary("Mean x b x b", three), row, []float32{2.5, 0, 2.25}},
		{"Mean of three", binary("Mean x x x"), []float32{-0.9, 1, 5}, []float32{-0.9, 1, 5}},
		{"PRelu", binary("PRelu x b", three), []float32{-1, -2, 3}, []float32{-4, 4, 3}},
		{"Less", truth("Less"), row, []float32{1, 0, 0}},
		{"GreaterOrEqual", truth("GreaterOrEqual"), []float32{4, nan32, 0}, []float32{1, 0, 0}},
		{"Equal", truth("Equal"), []float32{4, -2, nan32}, []float32{1, 1, 0}},
		{"a column with the row", drawn(13, 3, wholes("one", "1", 1), node("Gather x one -> a", attr("axis", 1)), node("Sub x a -> y"), out("y")),
			row, []float32{-1, 0, 2}},
		{"Where", drawn(13, 3, three, node("Greater x b -> a"), floats("zero", "1 1", 0), node("Where a x zero -> y"), out("y")), row, []float32{0, 2, 4}},
		{"Xor and Not", drawn(13, 3, three, node("Less x b -> a"), truths("yes", "3", true, false, true), node("Xor a yes -> c"), node("Not c -> d"),
			node("Cast d -> y", attr("to", 1)), out("y")), row, []float32{1, 1, 0}},
		{"whole numbers that are small", drawn(13, 3, node("ArgMax x -> a", attr("axis", 1)), wholes("w", "1", 3), node("Mul a w -> b"),
			node("Add b w -> c"), node("Cast c -> y", attr("to", 1)), out("y")), row, []float32{9}},
		{"Scaler", drawn(13, 3, node("ml.Scaler x -> y", attr("offset", []float32{1, 0, 1}), attr("scale", []float32{2, 0.5, 1})), out("y")), row, []float32{0, 1, 3}},
		{"Normalizer", drawn(13, 3, node("ml.Normalizer x -> y", attr("norm", "L1")), out("y")), []float32{1, -2, 1}, []float32{0.25, -0.5, 0.25}},
		{"Normalizer of zeros", drawn(13, 3, node("ml.Normalizer x -> y", attr("norm", "L2")), out("y")), []float32{0, 0, 0}, []float32{0, 0, 0}},
		{"Imputer", drawn(13, 3, node("ml.Imputer x -> y", attr("imputed_value_floats", []float32{7, 8, 9}), attr("replaced_value_float", nan32)), out("y")),
			[]float32{nan32, 1, nan32}, []float32{7, 1, 9}},
	})
}

func TestLayers(t *testing.T) {
	w := floats("w", "2 3", 1, 2, 3, 4, 5, 6)
	wt := floats("w", "3 2", 1, 4, 2, 5, 3, 6)
	b := floats("b", "3", 1, -100, 1)
	row := []float32{1, 2}
	gemm := node("Gemm x w b -> y")
	answers(t, wire.Raw, []exact{
		{"Gemm", drawn(13, 2, w, b, gemm, out("y")), row, []float32{10, -88, 16}},
		{"Gemm with transB, alpha and beta", drawn(13, 2, wt, b, node("Gemm x w b -> y", attr("transB", 1), attr("alpha", float32(2)), attr("beta", float32(0.5))), out("y")),
			row, []float32{18.5, -26, 30.5}},
		{"Gemm without C", drawn(13, 2, w, node("Gemm x w -> y"), out("y")), row, []float32{9, 12, 15}},
		{"Gemm with beta 0", drawn(13, 2, w, b, node("Gemm x w b -> y", attr("beta", float32(0))), out("y")), row, []float32{9, 12, 15}},
		{"Gemm with a single C", drawn(13, 2, w, floats("b", "", 1), gemm, out("y")), row, []float32{10, 13, 16}},
		{"Gemm with the C of a row", drawn(13, 2, w, node("Gemm x w a -> y", attr("beta", float32(2))), floats("n", "2 3", 0, 0, 1, 1, 0, 0),
			node("MatMul x n -> a"), out("y")), row, []float32{13, 12, 17}},
		{"beta is not that of an Add behind", drawn(13, 2, w, b, node("Gemm x w -> a", attr("beta", float32(2))), node("Add a b -> y"), out("y")),
			row, []float32{10, -88, 16}},
		{"Add twice", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Add b a -> y"), out("y")), row, []float32{11, -188, 17}},
		{"MatMul with a vector", drawn(13, 2, floats("v", "2", 3, 4), node("MatMul x v -> a"), wholes("axes", "1", 1), node("Unsqueeze a axes -> y"), out("y")),
			row, []float32{11}},
		{"MatMul of the last axis of a cube", drawn(13, 4, floats("v", "2 1", 3, 4), wholes("cube", "3", -1, 2, 2), node("Reshape x cube -> a"),
			node("MatMul a v -> b"), node("Flatten b -> y"), out("y")), []float32{1, 2, 0, 1}, []float32{11, 4}},
		{"Relu in the layer", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Relu a -> y"), out("y")), row, []float32{10, 0, 16}},
		{"not in the layer that is read twice", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Relu a -> c"), node("Sub c a -> y"), out("y")),
			row, []float32{0, 88, 0}},
		{"not in the layer that is an output", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Relu a -> y"), out("y"), out("a")),
			row, []float32{10, 0, 16, 10, -88, 16}},
		{"not in the layer that is read twice by another name", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Identity a -> c"), node("Relu a -> d"),
			node("Sub d c -> y"), out("y")), row, []float32{0, 88, 0}},
		{"not the bias of a layer that is read twice", drawn(13, 2, w, b, node("MatMul x w -> a"), node("Add a b -> c"), node("Sub c a -> y"), out("y")),
			row, []float32{1, -100, 1}},
		{"a function behind a function", drawn(13, 2, w, b, node("Gemm x w b -> a"), node("Relu a -> c"), floats("top", "", 12), node("Clip c . top -> y"), out("y")),
			row, []float32{10, 0, 12}},
		{"BatchNormalization", drawn(15, 2, floats("one", "2", 1, 1), floats("two", "2", 2, 2), node("BatchNormalization x two one one three -> y", attr("epsilon", float32(1))),
			floats("three", "2", 3, 3), out("y")), row, []float32{1, 2}},
		{"LayerNormalization", drawn(17, 2, floats("scale", "2", 2, 3), floats("b", "2", 1, 1), node("LayerNormalization x scale b -> y", attr("epsilon", float32(0))), out("y")),
			[]float32{-3, 3}, []float32{-1, 4}},
		{"LinearRegressor", drawn(13, 2, node("ml.LinearRegressor x -> y", attr("coefficients", []float32{2, 3}), attr("intercepts", []float32{1})), out("y")),
			row, []float32{9}},
	})
}

func TestClasses(t *testing.T) {
	row := []float32{1, 3, 2, 3, 3, 0, 0, 1, 1}
	fits := node("ml.LinearClassifier x -> l p", attr("coefficients", []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}), attr("intercepts", []float32{0, 0, 0}),
		attr("classlabels_ints", []int64{7, -5, 9}))
	arg := func(more ...[]byte) []byte {
		return drawn(13, 3, node("ArgMax x -> y", append(more, attr("axis", 1))...), labelled("y"))
	}
	answers(t, wire.Class, []exact{
		{"ArgMax takes the first", arg(), row, []float32{1, 0, 1}},
		{"ArgMax takes the last", arg(attr("select_last_index", 1), attr("keepdims", 0)), row, []float32{1, 1, 2}},
		{"ArgMin", drawn(13, 3, node("ArgMin x -> y", attr("axis", -1)), labelled("y")), row, []float32{0, 2, 0}},
		{"the label of a list", drawn(13, 3, wholes("names", "3", 30, 10, 20), node("ArgMax x -> a", attr("axis", 1)),
			node("ml.ArrayFeatureExtractor names a -> b"), wholes("flat", "1", -1), node("Reshape b flat -> y"), labelled("y")), row, []float32{1, 0, 1}},
		{"the label of a list of texts", drawn(13, 3, texts("names", "3", "c", "a", "b"), node("ArgMax x -> a", attr("axis", 1)),
			node("ml.ArrayFeatureExtractor names a -> b"), wholes("flat", "1", -1), node("Reshape b flat -> y"), info(12, "y", 8)), row, []float32{1, 0, 1}},
		{"a label by a place from the end of the list", drawn(13, 3, wholes("names", "3", 30, 10, 20), node("ArgMax x -> a", attr("axis", 1)), node("Neg a -> n"),
			node("Gather names n -> y"), labelled("y")), row, []float32{2, 0, 2}},
		{"LinearClassifier", drawn(13, 3, fits, labelled("l"), out("p")), row, []float32{1, 0, 1}},
		{"LinearClassifier of two classes", drawn(13, 3, node("ml.LinearClassifier x -> l p", attr("coefficients", []float32{1, 0, 0}),
			attr("intercepts", []float32{-1}), attr("classlabels_strings", []string{"no", "yes"})), info(12, "l", 8), out("p")), row, []float32{0, 1, 0}},
	})
	answers(t, wire.Raw, []exact{
		{"the numbers of labels", drawn(13, 3, fits, node("Cast l -> y", attr("to", 1)), out("y")), row, []float32{-5, 7, -5}},
		{"the scores of two classes", drawn(13, 3, node("ml.LinearClassifier x -> l p", attr("coefficients", []float32{1, 0, 0}),
			attr("intercepts", []float32{-1}), attr("classlabels_ints", []int64{0, 1})), labelled("l"), out("p")), row, []float32{1, 0, -1, 2, 2, -1}},
	})
}

// What depends on no row is computed once.
func TestFolded(t *testing.T) {
	answers(t, wire.Raw, []exact{
		{"constants", drawn(13, 2, floats("a", "2", 3, 5), floats("b", "", 2), node("Mul a b -> c"), node("Sqrt d -> e"), node("Add c d -> f"),
			node("Constant -> d", attr("value_float", float32(4))), node("Sub f e -> g"), node("Add x g -> y"), out("y")), []float32{1, 2}, []float32{9, 14}},
		{"a truth that is not 1", drawn(13, 2, text(5, join(number64(1, 1), number64(2, 9), number64(5, 7), text(8, "a"))), node("Not a -> b"), node("Cast b -> c", attr("to", 1)),
			node("Add x c -> y"), out("y")), []float32{1, 2}, []float32{1, 2}},
		{"sums of constants", drawn(13, 2, floats("a", "2 2", 1, 2, 3, 4), node("ReduceSum a -> b", attr("keepdims", 0)), node("Mul x b -> y"), out("y")),
			[]float32{1, 2}, []float32{10, 20}},
		{"sums by an attribute", drawn(11, 2, floats("a", "2 2", 1, 2, 3, 4), node("ReduceSum a -> b", attr("axes", []int64{0})), node("Mul x b -> y"), out("y")),
			[]float32{1, 2}, []float32{4, 12}},
		{"quotients of whole numbers", drawn(13, 2, wholes("a", "2", 7, -7), wholes("b", "", 2), node("Div a b -> c"), node("Cast c -> d", attr("to", 1)),
			node("Mul x d -> y"), out("y")), []float32{1, 1}, []float32{3, -3}},
		{"float64 that is rounded", drawn(13, 2, doubles("a", "1", 0.1), node("Cast a -> b", attr("to", 1)), node("Add x b -> y"), out("y")),
			[]float32{0, 1}, []float32{0.1, 1.1}},
		{"a transposed matrix", drawn(13, 2, floats("a", "1 2", 3, 4), node("Transpose a -> b"), node("MatMul x b -> y"), out("y")), []float32{1, 2}, []float32{11}},
	})
}
