package onnx

import (
	"math"
	"testing"

	"github.com/disrust/disrust/wire"
)

// toN is the graph that puts the number of rows in front of a size: [N, size].
func toN(name string, size int64) []byte {
	return []byte(join(node("Shape x -> all"), wholes("zero", "1", 0), node("Gather all zero -> rows"),
		wholes("size", "1", size), node("Concat rows size -> "+name, attr("axis", 0))))
}

func TestLayout(t *testing.T) {
	row := []float32{1, 2, 3, 4, 5, 6}
	answers(t, wire.Raw, []exact{
		{"Reshape, Transpose and back", drawn(13, 6, wholes("cube", "3", -1, 2, 3), wholes("flat", "2", 0, -1),
			node("Reshape x cube -> a"), node("Transpose a -> b", attr("perm", []int64{0, 2, 1})), node("Reshape b flat -> y"), out("y")),
			row, []float32{1, 4, 2, 5, 3, 6}},
		{"the rows in the middle and back", drawn(13, 6, wholes("cube", "3", -1, 2, 3), wholes("flat", "2", 0, -1),
			node("Reshape x cube -> a"), node("Transpose a -> b", attr("perm", []int64{1, 0, 2})),
			node("Transpose b -> c", attr("perm", []int64{1, 2, 0})), node("Reshape c flat -> y"), out("y")),
			append(row, row...), []float32{1, 4, 2, 5, 3, 6, 1, 4, 2, 5, 3, 6}},
		{"Reshape by a shape that is computed", drawn(13, 6, toN("to", 6), wholes("cube", "3", -1, 3, 2), node("Reshape x cube -> a"),
			node("Reshape a to -> y"), out("y")), row, row},
		{"Flatten", drawn(13, 6, wholes("cube", "3", -1, 3, 2), node("Reshape x cube -> a"), node("Flatten a -> y"), out("y")), row, row},
		{"Squeeze with an attribute", drawn(11, 2, node("Unsqueeze x -> a", attr("axes", []int64{1})),
			node("Squeeze a -> y", attr("axes", []int64{1})), out("y")), []float32{1, 2}, []float32{1, 2}},
		{"Squeeze with an input", drawn(13, 2, wholes("axes", "1", -2), node("Unsqueeze x axes -> a"), node("Squeeze a axes -> y"), out("y")),
			[]float32{1, 2}, []float32{1, 2}},
		{"Slice with attributes", drawn(9, 6, node("Slice x -> y", attr("starts", []int64{1}), attr("ends", []int64{-1}), attr("axes", []int64{1})), out("y")),
			row, []float32{2, 3, 4, 5}},
		{"Slice of the rows and the columns", drawn(9, 6, node("Slice x -> y", attr("starts", []int64{0, 4}), attr("ends", []int64{math.MaxInt64, math.MaxInt64})),
			out("y")), row, []float32{5, 6}},
		{"Slice with inputs", drawn(13, 6, wholes("starts", "1", -1), wholes("ends", "1", math.MinInt64), wholes("axes", "1", 1), wholes("steps", "1", -2),
			node("Slice x starts ends axes steps -> y"), out("y")), row, []float32{6, 4, 2}},
		{"Slice to the largest whole number", drawn(13, 6, wholes("starts", "1", 3), wholes("ends", "1", math.MaxInt64), wholes("axes", "1", 1),
			node("Slice x starts ends axes -> y"), out("y")), row, []float32{4, 5, 6}},
		{"Slice with the largest step", drawn(13, 6, wholes("starts", "1", math.MinInt64), wholes("ends", "1", math.MaxInt64), wholes("axes", "1", 1),
			wholes("steps", "1", math.MaxInt64), node("Slice x starts ends axes steps -> y"), out("y")), row, []float32{1}},
		{"Slice with the smallest step", drawn(13, 6, wholes("starts", "1", math.MaxInt64), wholes("ends", "1", math.MinInt64), wholes("axes", "1", 1),
			wholes("steps", "1", math.MinInt64), node("Slice x starts ends axes steps -> y"), out("y")), row, []float32{6}},
	})
}

func TestParts(t *testing.T) {
	row := []float32{1, 2, 3, 4, 5, 6}
	sum := node("ReduceSum p axes -> y")
	answers(t, wire.Raw, []exact{
		{"Split evenly", drawn(13, 6, node("Split x -> a b", attr("axis", 1)), node("Sub b a -> y"), out("y")), row, []float32{3, 3, 3}},
		{"Split with an attribute", drawn(11, 6, node("Split x -> a b", attr("axis", 1), attr("split", []int64{1, 5})), node("Mul b a -> y"), out("y")),
			[]float32{2, 1, 2, 3, 4, 5}, []float32{2, 4, 6, 8, 10}},
		{"Split with an input", drawn(13, 3, wholes("parts", "2", 1, 2), node("Split x parts -> a y", attr("axis", -1)), out("y")),
			[]float32{1, 2, 3}, []float32{2, 3}},
		{"Split with a last part that is smaller", drawn(18, 3, node("Split x -> a y", attr("axis", 1), attr("num_outputs", 2)), out("y")),
			[]float32{1, 2, 3}, []float32{3}},
		{"computing with whole numbers that were picked", drawn(13, 4, wholes("cube", "3", -1, 2, 2), node("Reshape x cube -> r"),
			node("ArgMax r -> a", attr("axis", 2), attr("keepdims", 0)), wholes("place", "1", 1), node("Gather a place -> b", attr("axis", 1)),
			node("Add b place -> c"), node("Cast c -> y", attr("to", 1)), out("y")), []float32{1, 0, 1, 2, 0, 1, 4, 3}, []float32{2, 1}},
		{"the product of sizes", drawn(13, 6, wholes("cube", "3", -1, 2, 3), node("Reshape x cube -> r"), node("Shape r -> all"), wholes("inner", "2", 1, 2),
			node("Gather all inner -> b"), node("ReduceProd b -> c", attr("keepdims", 0)), node("Cast c -> d", attr("to", 1)), node("Mul x d -> y"), out("y")),
			row, []float32{6, 12, 18, 24, 30, 36}},
		{"Concat", drawn(13, 2, node("Concat x x -> y", attr("axis", -1)), out("y")), []float32{1, 2}, []float32{1, 2, 1, 2}},
		{"Gather with places from the end", drawn(13, 3, wholes("places", "3", -1, 0, -1), node("Gather x places -> y", attr("axis", 1)), out("y")),
			[]float32{1, 2, 3}, []float32{3, 1, 3}},
		{"Gather with a single place", drawn(13, 3, wholes("place", "", 1), node("Gather x place -> a", attr("axis", 1)), wholes("axes", "1", 1),
			node("Unsqueeze a axes -> y"), out("y")), []float32{1, 2, 3, 4, 5, 6}, []float32{2, 5}},
		{"Gather from a list by a place of the row", drawn(13, 3, floats("list", "3", 10, 20, 30), node("ArgMax x -> a", attr("axis", 1)),
			node("Gather list a -> y"), out("y")), []float32{1, 3, 2, 9, 3, 2}, []float32{20, 10}},
		{"Gather from a list by a place from its end", drawn(13, 3, floats("list", "3", 10, 20, 30), node("ArgMax x -> a", attr("axis", 1)),
			node("Neg a -> b"), node("Gather list b -> y"), out("y")), []float32{1, 3, 2, 9, 3, 2, 1, 2, 3}, []float32{30, 10, 20}},
		{"ArrayFeatureExtractor", drawn(13, 3, wholes("places", "2", 2, 0), node("ml.ArrayFeatureExtractor x places -> y"), out("y")),
			[]float32{1, 2, 3}, []float32{3, 1}},
		{"ArrayFeatureExtractor of a list makes a row", drawn(13, 2, floats("list", "3", 10, 20, 30), wholes("places", "2", 2, 0),
			node("ml.ArrayFeatureExtractor list places -> a"), node("MatMul a b -> c"), floats("b", "2 1", 1, 1), node("Add x a -> y"), out("y")),
			[]float32{1, 2}, []float32{31, 12}},
		{"ConstantOfShape with the rows", drawn(13, 2, toN("to", 2), node("ConstantOfShape to -> a", attr("value", constantOf[float32]("", "1", 5))),
			node("Add x a -> y"), out("y")), []float32{1, 2}, []float32{6, 7}},
		{"ConstantOfShape without a value", drawn(13, 2, wholes("to", "2", 1, 2), node("ConstantOfShape to -> a"), node("Add x a -> y"), out("y")),
			[]float32{1, 2}, []float32{1, 2}},
		{"Expand", drawn(13, 1, wholes("to", "2", 1, 3), node("Expand x to -> y"), out("y")), []float32{1, 2}, []float32{1, 1, 1, 2, 2, 2}},
		{"Expand to the rows", drawn(13, 2, toN("to", 2), floats("list", "2", 3, 4), node("Expand list to -> a"), node("Concat a x -> y", attr("axis", 1)), out("y")),
			[]float32{1, 2}, []float32{3, 4, 1, 2}},
		{"Expand as PyTorch writes it", drawn(13, 2, toN("sizes", -1), wholes("ones", "2", 1, 1), wholes("minus", "2", -1, -1),
			node("Equal sizes minus -> same"), node("Where same ones sizes -> to"), node("Expand x to -> y"), out("y")), []float32{1, 2}, []float32{1, 2}},
		{"ReduceSum over an axis in front", drawn(13, 6, wholes("cube", "3", -1, 2, 3), node("Reshape x cube -> p"), wholes("axes", "1", 1),
			node("ReduceSum p axes -> y", attr("keepdims", 0)), out("y")), row, []float32{5, 7, 9}},
		{"ReduceSum over two axes", drawn(13, 6, wholes("cube", "3", -1, 2, 3), node("Reshape x cube -> p"), wholes("axes", "2", -1, 1), sum, out("y")),
			row, []float32{21}},
		{"FeatureVectorizer", drawn(13, 2, node("ml.FeatureVectorizer x x -> y", attr("inputdimensions", []int64{2, 2})), out("y")),
			[]float32{1, 2}, []float32{1, 2, 1, 2}},
		{"several outputs", drawn(13, 2, node("Neg x -> a"), node("Add a one -> b"), floats("one", "", 1), out("b"), out("a")),
			[]float32{1, 2}, []float32{0, -1, -1, -2}},
	})
}
