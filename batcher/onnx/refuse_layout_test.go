package onnx

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/wire"
)

func TestRefusedLayout(t *testing.T) {
	reshaped := func(sizes ...int64) []byte {
		return drawn(13, 6, wholes("to", "3", sizes...), node("Reshape x to -> y"), out("y"))
	}
	attrs := func(opset int64, operator string, attributes ...[]byte) []byte {
		return drawn(opset, 3, node(operator+" x -> y", attributes...), out("y"))
	}
	refuseAll(t, wire.Raw, []spoilt{
		{"Reshape to fewer numbers", reshaped(-1, 2, 2), says("Reshape", "[N, 6]")},
		{"Reshape that halves rows", reshaped(-1, 3, 1), says("Reshape", "[N, 6]")},
		{"Reshape with two sizes left open", reshaped(-1, -1, 2), says("Reshape", "two sizes of -1")},
		{"Reshape to a size below -1", reshaped(-1, -3, -2), says("Reshape", "-3")},
		{"Reshape to a huge size", reshaped(-1, math.MaxInt64, 2), says("Reshape", "9.2")},
		{"Reshape to sizes that overflow", reshaped(1<<20, 1<<20, 1<<20), says("Reshape")},
		{"Reshape that keeps an axis that is not there", reshaped(-1, 6, 0), says("Reshape", "axis 2", "[N, 6]")},
		{"Reshape with its sizes as floats", of(floats("to", "2", -1, 3), node("Reshape x to -> y")), says("Reshape", `"to"`, "float")},
		{"Reshape by the row", of(node("Cast x -> a", attr("to", 7)), node("Reshape x a -> y")), says("Reshape", "depends on the row")},
		{"Reshape without sizes", of(node("Reshape x -> y")), says("Reshape", "no input 1")},
		{"Flatten of rows into one", attrs(13, "Flatten", attr("axis", 2)), says("Flatten", "[N, 3]", "axis 2")},
		{"Flatten with the rows behind", attrs(13, "Flatten", attr("axis", 0)), says("Flatten", "[N, 3]")},
		{"Flatten far off", attrs(13, "Flatten", attr("axis", int64(math.MinInt64))), says("Flatten", "axis")},
		{"Squeeze of all axes", attrs(13, "Squeeze"), says("Squeeze", "number of rows")},
		{"Squeeze of the rows", attrs(11, "Squeeze", attr("axes", []int64{0})), says("Squeeze", "rows")},
		{"Squeeze of an axis with numbers", attrs(11, "Squeeze", attr("axes", []int64{1})), says("Squeeze", "axis 1", "size 1")},
		{"Squeeze far off", attrs(11, "Squeeze", attr("axes", []int64{math.MinInt64})), says("Squeeze", "axis -9223372036854775808")},
		{"Unsqueeze of an axis twice", attrs(11, "Unsqueeze", attr("axes", []int64{1, -3})), says("Unsqueeze", "[1 -3]")},
		{"Unsqueeze far off", attrs(11, "Unsqueeze", attr("axes", []int64{math.MaxInt64})), says("Unsqueeze", "9223372036854775807")},
		{"Transpose of an axis twice", attrs(13, "Transpose", attr("perm", []int64{0, 0})), says("Transpose", "perm [0 0]", "[N, 3]")},
		{"Transpose of too few axes", attrs(13, "Transpose", attr("perm", []int64{0})), says("Transpose", "perm [0]", "[N, 3]")},
		{"Transpose of other axes", attrs(13, "Transpose", attr("perm", []int64{0, math.MaxInt64})), says("Transpose", "perm", "[N, 3]")},
	})
}

func TestRefusedPlaces(t *testing.T) {
	sliced := func(starts, ends, axes, steps int64) []byte {
		return of(wholes("s", "1", starts), wholes("e", "1", ends), wholes("a", "1", axes), wholes("p", "1", steps), node("Slice x s e a p -> y"))
	}
	refuseAll(t, wire.Raw, []spoilt{
		{"Concat of rows one below the other", of(node("Concat x x -> y", attr("axis", 0))), says("Concat", "axis 0", "rows")},
		{"Concat with a constant", of(floats("v", "1 3", 1, 2, 3), node("Concat x v -> y", attr("axis", 1))), says("Concat", "[N, 3]", "[1, 3]")},
		{"Concat of other types", of(node("IsNaN x -> a"), node("Concat x a -> y", attr("axis", 1))), says("Concat", "float", "bool")},
		{"Concat of nothing", of(node("Concat -> a"), node("Add x a -> y")), says("Concat", "no inputs")},
		{"Gather of rows", of(wholes("p", "1", 0), node("Gather x p -> y")), says("Gather", "rows")},
		{"Gather outside", of(wholes("p", "1", 3), node("Gather x p -> y", attr("axis", 1))), says("Gather", `"p"`, "place 3 of 3")},
		{"Gather below", of(wholes("p", "1", math.MinInt64), node("Gather x p -> y", attr("axis", 1))), says("Gather", `"p"`, "of 3")},
		{"Gather by floats", of(floats("p", "1", 0), node("Gather x p -> y", attr("axis", 1))), says("Gather", `"p"`, "float")},
		{"ArrayFeatureExtractor outside", of(wholes("p", "1", 3), node("ml.ArrayFeatureExtractor x p -> y")), says("ml.ArrayFeatureExtractor", "place 3 of 3")},
		{"ArrayFeatureExtractor over the rows", of(wholes("p", "1", 0), node("Transpose x -> a"), node("ml.ArrayFeatureExtractor a p -> y")), says("ml.ArrayFeatureExtractor", "[3, N]")},
		{"Slice of rows", sliced(0, 5, 0, 1), says("Slice", "axis 0", "rows")},
		{"Slice of rows from the end", sliced(math.MaxInt64, math.MinInt64, 0, -1), says("Slice", "axis 0", "rows")},
		{"Slice with the step 0", sliced(0, 3, 1, 0), says("Slice", "step")},
		{"Slice of an axis that is not there", sliced(0, 3, 2, 1), says("Slice", "axis 2", "[N, 3]")},
		{"Slice with lists of other lengths", of(wholes("s", "1", 0), wholes("e", "2", 1, 2), node("Slice x s e -> y")), says("Slice", "starts [0]", "ends [1 2]")},
		{"Split into other parts", of(wholes("p", "2", 1, 1), node("Split x p -> y z", attr("axis", 1))), says("Split", "parts [1 1]", "axis of 3")},
		{"Split into parts that overflow", of(wholes("p", "2", math.MaxInt64, 1<<62), node("Split x p -> y z", attr("axis", 1))), says("Split", "axis of 3")},
		{"Split into parts below 0", of(wholes("p", "2", -1, 4), node("Split x p -> y z", attr("axis", 1))), says("Split", "parts [-1 4]")},
		{"Split into more parts than outputs", of(wholes("p", "2", 1, 2), node("Split x p -> y", attr("axis", 1))), says("Split", "parts [1 2]", "1 outputs")},
		{"Split of rows", of(node("Split x -> y z")), says("Split", "rows")},
		{"ReduceSum of all", of(node("ReduceSum x -> y")), says("ReduceSum", "rows")},
		{"ReduceSum of the rows", drawn(11, 3, node("ReduceSum x -> y", attr("axes", []int64{0})), out("y")), says("ReduceSum", "rows")},
		{"ReduceMax of whole numbers", of(node("ArgMax x -> a", attr("axis", 1)), node("ReduceMax a -> b", attr("axes", []int64{1})), node("Cast b -> y", attr("to", 1))), says("ReduceMax", "int64")},
		{"ArgMax of the rows", of(node("ArgMax x -> a"), node("Cast a -> y", attr("to", 1))), says("ArgMax", "rows")},
		{"ArgMax of nothing", of(wholes("none", "1", 0), wholes("axis", "1", 1), node("Slice x none none axis -> a"), node("ArgMax a -> b", attr("axis", 1)),
			node("Cast b -> y", attr("to", 1))), says("ArgMax", "0 numbers")},
		{"ConstantOfShape with several values", of(wholes("to", "1", 2), node("ConstantOfShape to -> a", attr("value", constantOf[float32]("", "2", 1, 2))), node("Add x a -> y")),
			says("ConstantOfShape", "value")},
		{"ConstantOfShape below 0", of(wholes("to", "1", -2), node("ConstantOfShape to -> a"), node("Add x a -> y")), says("ConstantOfShape", "-2")},
	})
}

func TestRefusedExpansion(t *testing.T) {
	refuseAll(t, wire.Raw, []spoilt{
		{"ConstantOfShape with floats", of(floats("to", "1", 1.5), node("ConstantOfShape to -> a"), node("Add x a -> y")), says("ConstantOfShape", `"to"`, "float")},
		{"Expand with floats", of(floats("to", "2", nan32, 3), node("Expand x to -> y")), says("Expand", `"to"`, "float")},
		{"Expand to other shapes", of(wholes("to", "2", 1, 2), node("Expand x to -> y")), says("Expand", "[N, 3]", "[1, 2]")},
		{"Expand to so many rows", of(wholes("to", "2", 4, 3), node("Expand x to -> y")), says("Expand", "[N, 3]", "[4, 3]")},
		{"FeatureVectorizer of other columns", of(node("ml.FeatureVectorizer x x -> y", attr("inputdimensions", []int64{3, 2}))), says("ml.FeatureVectorizer", "[3 2]", "3 columns")},
		{"FeatureVectorizer of nothing", of(node("ml.FeatureVectorizer -> a"), node("Add x a -> y")), says("ml.FeatureVectorizer", "no inputs")},
		{"no columns as the output", of(wholes("none", "1", 0), wholes("axis", "1", 1), node("Slice x none none axis -> y")), []string{"0"}},
	})
}

// The number of rows is not known when a graph is read. A size that is made of it is refused.
func TestRefusedNumberOfRows(t *testing.T) {
	with := func(parts ...[]byte) []byte {
		parts = append(parts, node("Shape x -> all"), wholes("zero", "1", 0), wholes("one", "1", 1), wholes("two", "1", 2), node("Gather all zero -> rows"))
		return of(append(parts, wholes("open", "1", -1), node("Concat m open -> to", attr("axis", 0)), node("Reshape x to -> y"))...)
	}
	float := func(parts ...[]byte) []byte {
		parts = append(parts, node("Shape x -> all"), wholes("zero", "1", 0), node("Gather all zero -> rows"))
		return of(append(parts, node("Mul x m -> y"))...)
	}
	const what = "number of rows"
	refuseAll(t, wire.Raw, []spoilt{
		{"twice", with(node("Mul rows two -> m")), says("Mul", what)},
		{"half", with(node("Div rows two -> m")), says("Div", what)},
		{"one less", with(node("Sub rows one -> m")), says("Sub", what)},
		{"below 0", with(node("Neg rows -> m")), says("Neg", what)},
		{"at most 2", with(node("Min rows two -> m")), says("Min", what)},
		{"whether there are 2", with(node("Equal rows two -> a"), node("Where a one two -> m")), says("Equal", what)},
		{"whether there is more than one", with(node("Greater rows one -> a"), node("Where a one two -> m")), says("Greater", what)},
		{"as a float", float(node("Cast rows -> m", attr("to", 1))), says("Cast", what)},
		{"as a truth", float(node("Cast rows -> a", attr("to", 9)), node("Cast a -> m", attr("to", 1))), says("Cast", what)},
		{"for each row", float(node("Expand rows all -> a"), node("Cast a -> m", attr("to", 1))), says("Expand", what)},
		{"by the row", float(node("IsNaN x -> a"), wholes("w", "", 1), node("Where a rows w -> b"), node("Cast b -> m", attr("to", 1))), says("Where", what)},
		{"by a table", float(node("ml.LabelEncoder rows -> m", attr("keys_int64s", []int64{1}), attr("values_floats", []float32{1}))), says("ml.LabelEncoder", what)},
		{"as a place", of(node("Shape x -> all"), wholes("zero", "", 0), node("Gather all zero -> rows"), node("Gather x rows -> y", attr("axis", 1))), says("Gather", what)},
		{"in a list of labels", of(node("Shape x -> all"), node("ArgMax x -> a", attr("axis", 1), attr("keepdims", 0)), wholes("k", "1", 1), node("Gather all k -> one"),
			node("Concat all one -> list", attr("axis", 0)), node("Gather list a -> b"), node("Cast b -> y", attr("to", 1))), says("Gather", what)},
		{"twice in a shape", of(node("Shape x -> all"), wholes("zero", "2", 0, 0), node("Gather all zero -> to"), node("ConstantOfShape to -> a"), node("Add x a -> y")),
			says("ConstantOfShape", "twice")},
	})
}

// maxBomb is how much a small file may allocate in all before it is refused.
const maxBomb = 512 << 20

// Small files that ask for much are refused before that takes memory or time.
func TestRefusedBombs(t *testing.T) {
	big := wholes("big", "1", 1<<20)
	million := node("ConstantOfShape big -> million", attr("value", constantOf[int64]("", "1", 0)))
	empty := func(dims string, more ...[]byte) []byte {
		return of(append(more, floats("v", dims), node("Add x w -> y"))...)
	}
	// chain repeats a line, of which each reads what the last one made.
	chain := func(line string, count int, first string, more ...[]byte) []byte {
		for i := range count {
			next := fmt.Sprint("v", i)
			more = append(more, node(strings.ReplaceAll(line, "IN", first)+" -> "+next))
			first = next
		}
		return of(append(more, node("ReduceMax "+first+" -> z"), node("Mul x z -> y"))...)
	}
	flipped := node("Unsqueeze x axes -> a")
	wide := []([]byte){wholes("axes", "1", 1), flipped, wholes("wide", "3", 1, 300000, 1), node("Expand a wide -> w")}
	for _, c := range []spoilt{
		{"ConstantOfShape", of(wholes("to", "3", 1<<20, 1<<20, 1<<20), node("ConstantOfShape to -> a"), node("Add x a -> y")), says("ConstantOfShape")},
		{"ConstantOfShape with a 0 in front", of(wholes("to", "3", 0, 1<<20, 1<<20), node("ConstantOfShape to -> a"), node("Transpose a -> b"), node("Add x b -> y")),
			says("ConstantOfShape")},
		{"ConstantOfShape with a 0 behind", of(wholes("to", "3", 1<<20, 1<<20, 0), node("ConstantOfShape to -> a"), node("Transpose a -> b"), node("Add x b -> y")),
			says("ConstantOfShape")},
		{"ConstantOfShape of a wrap to 0", of(wholes("to", "2", 1<<16, 1<<16), node("ConstantOfShape to -> a"), node("Add x a -> y")), says("ConstantOfShape")},
		{"Expand", of(wholes("axes", "1", 1), flipped, wholes("to", "3", 1, 1<<20, 3), node("Expand a to -> y")), says("Expand", "1048576")},
		{"Gather", of(wholes("axes", "1", 1), flipped, big, million, node("Gather a million -> y", attr("axis", 1))), says("Gather", "1048576")},
		{"ArrayFeatureExtractor", of(wholes("to", "3", -1, 3, 1), node("Reshape x to -> a"), big, million, node("ml.ArrayFeatureExtractor a million -> y")),
			says("ml.ArrayFeatureExtractor", "1048576")},
		{"Concat", of(append(wide, node("Concat w w -> y", attr("axis", 1)))...), says("Concat", "1048576")},
		{"Add", of(wholes("axes", "1", 1), flipped, wholes("to", "3", 1, 1<<18, 1), node("ConstantOfShape to -> b"), node("Transpose b -> c", attr("perm", []int64{0, 1, 2})),
			node("Concat a a a -> d", attr("axis", 2)), node("Add d b -> y")), says("Add", "1048576")},
		{"an axis of many, and one of none", empty("1099511627776 0", node("Transpose v -> w")), []string{`"v"`, "1099511627776"}},
		{"an axis of none, and one of many", empty("0 1099511627776 1099511627776", node("Transpose v -> w")), []string{`"v"`, "1099511627776"}},
		{"axes of many that are run through", empty("2147483647 0", wholes("none", "0"), node("Gather v none -> w", attr("axis", 1))), []string{`"v"`, "2147483647"}},
		{"a million axes by Reshape", of(big, node("ConstantOfShape big -> to", attr("value", constantOf[int64]("", "1", 1))), floats("v", "", 1), node("Reshape v to -> a"),
			node("Transpose a -> b"), node("Add x b -> y")), says("Reshape", "1048576", "axes")},
		{"a million axes by ConstantOfShape", of(big, node("ConstantOfShape big -> to", attr("value", constantOf[int64]("", "1", 1))), node("ConstantOfShape to -> a"),
			node("Transpose a -> b"), node("Add x b -> y")), says("ConstantOfShape", "1048576", "axes")},
		{"a million axes by Unsqueeze", of(big, million, node("Unsqueeze x million -> y")), says("Unsqueeze", "axes")},
		{"many axes of a constant", of(floats("v", strings.Repeat("1 ", 1000), 1), node("Add x v -> y")), []string{`"v"`, "1000"}},
		{"axes by many Gathers", chain("Gather IN p", 200, "w", wholes("p", strings.Repeat("1 ", 40), 0), floats("w", "1", 1)), says("Gather", "axes")},
		{"large values by many nodes", chain("Neg IN", 2000, "w", wide...), says("Neg", "numbers")},
		{"large values that are moved by many nodes", chain("Transpose IN", 2000, "w", wide...), says("Transpose", "numbers")},
		{"large constants by many nodes", chain("Neg IN", 2000, "w", big, node("ConstantOfShape big -> w")), says("Neg", "numbers")},
		{"large constants that are moved by many nodes", chain("Gather IN million", 2000, "w", big, million, floats("w", "1", 1)), says("Gather", "numbers")},
		{"large constants that are read by many nodes", chain("Squeeze IN million", 2000, "w", big, million, floats("w", "1", 1)), says("Squeeze")},
		{"many labels that are read by many nodes", of(big, million, node("ArgMax x -> a", attr("axis", 1)), node("Gather million a -> b"),
			node("Max "+strings.Repeat("b ", 2000)+"-> c"), node("Cast c -> y", attr("to", 1))), says("Max", "numbers")},
		{"many nodes with many targets", of(grown(2000)...), says("TreeEnsembleRegressor", "numbers")},
		{"a node with many large inputs", of(big, node("ConstantOfShape big -> w"), node("Sum w w w w "+strings.Repeat("w ", 5000)+"-> a"), node("ReduceSum a -> b"), node("Add x b -> y")),
			says("Sum", "numbers")},
		{"large results of a node with many inputs", of(floats("v", "1000 1", make([]float32, 1000)...), floats("w", "1 1000", make([]float32, 1000)...),
			node("Sum v w "+strings.Repeat("v ", 5000)+"-> a"), node("ReduceSum a -> b"), node("Add x b -> y")), says("Sum", "numbers")},
	} {
		refusedCheaply(t, c)
	}
}

// refusedCheaply is like refused, and counts the memory too.
func refusedCheaply(t *testing.T, c spoilt) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	refused(t, c.name, c.file, forest.Options{}, c.words)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > maxBomb {
		t.Errorf("%s: %d MiB before it is refused", c.name, got>>20)
	}
}

// grown are trees of a leaf with many targets each, and the sum of all.
func grown(count int) (parts [][]byte) {
	zero, sum := []int64{0}, "Sum"
	for i := range count {
		name := fmt.Sprint("v", i)
		parts, sum = append(parts, node("ml.TreeEnsembleRegressor x -> "+name, attr("nodes_modes", []string{"LEAF"}), attr("nodes_nodeids", zero),
			attr("nodes_treeids", zero), attr("nodes_featureids", zero), attr("nodes_values", []float32{0}), attr("nodes_truenodeids", zero),
			attr("nodes_falsenodeids", zero), attr("target_ids", zero), attr("target_nodeids", zero), attr("target_treeids", zero),
			attr("target_weights", []float32{5}), attr("n_targets", 65535))), sum+" "+name
	}
	return append(parts, node(sum+" -> y"))
}
