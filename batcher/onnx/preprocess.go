package onnx

import (
	"math"

	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// Operators that scikit-learn's converter puts in front of a model. Each has onnxruntime's bits, as
// the trees behind it ask on which side of a threshold a number is.

func scaler(c *compiler, n *graph.Node) error {
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	l := dense.Scaler{Offset: n.Floats("offset"), Scale: n.Floats("scale")}
	if len(l.Offset) != len(l.Scale) {
		return n.Errorf("offset has %d numbers, and scale %d", len(l.Offset), len(l.Scale))
	}
	c.set(n, 0, c.addLayer(n, v, v.Size(), v.Shape, l))
	return nil
}

var norms = map[string]func(v []float32, _ []float64){"MAX": maxNorm, "L1": l1Norm, "L2": l2Norm}

func normalizer(c *compiler, n *graph.Node) error {
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	name := n.Text("norm", "MAX")
	f := norms[name]
	if f == nil {
		return n.Errorf("norm %q: MAX, L1 and L2 are supported", name)
	}
	c.set(n, 0, c.add(n, &stages.Runs{Name: "normalizer " + name, Value: v.at, Columns: v.Size(), Length: v.Size(), Apply: f}, v.Shape, proto.Float))
	return nil
}

// divideBy divides all numbers, unless by 0.
func divideBy(v []float32, by float32) {
	if by == 0 {
		return
	}
	for i := range v {
		v[i] /= by
	}
}

// maxNorm leaves NaN out of the maximum, as onnxruntime does.
func maxNorm(v []float32, _ []float64) {
	high := float32(-math.MaxFloat32)
	for _, x := range v {
		if x > high {
			high = x
		}
	}
	divideBy(v, high)
}

func l1Norm(v []float32, _ []float64) {
	sum := float32(0)
	for _, x := range v {
		sum += float32(math.Abs(float64(x)))
	}
	divideBy(v, sum)
}

// l2Norm takes the root of each quotient, as onnxruntime does.
func l2Norm(v []float32, _ []float64) {
	sum := float32(0)
	for _, x := range v {
		sum += float32(x * x)
	}
	if sum == 0 {
		return
	}
	for i, x := range v {
		y := float32(math.Sqrt(float64(float32(x*x) / sum)))
		if x < 0 {
			y = -y
		}
		v[i] = y
	}
}

// lpNorm is the normalizer of ai.onnx, along the last axis.
func lpNorm(c *compiler, n *graph.Node) error {
	v, axis, err := c.along(n, -1)
	if err != nil {
		return err
	}
	p := n.Int("p", 2)
	if p != 1 && p != 2 || v.constant != nil || v.Behind(axis) != 1 || axis < v.Rows || v.Dims[axis] == 0 {
		return n.Errorf("p %d over axis %d of %v is not supported", p, axis, v.Shape)
	}
	c.rounded = true
	f := func(v []float32, _ []float64) {
		sum := 0.0
		for _, x := range v {
			if p == 1 {
				sum += math.Abs(float64(x))
			} else {
				sum += float64(x) * float64(x)
			}
		}
		if p == 2 {
			sum = math.Sqrt(sum)
		}
		if sum == 0 {
			return
		}
		for i, x := range v {
			v[i] = float32(float64(x) / sum)
		}
	}
	c.set(n, 0, c.add(n, &stages.Runs{Name: "norm", Value: v.at, Columns: v.Size(), Length: v.Dims[axis], Apply: f}, v.Shape, proto.Float))
	return nil
}

// imputer replaces one value, most often NaN.
func imputer(c *compiler, n *graph.Node) error {
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	by, old := n.Floats("imputed_value_floats"), n.Float("replaced_value_float", 0)
	if len(by) != v.Size() && len(by) != 1 {
		return n.Errorf("imputed_value_floats has %d numbers for %d columns", len(by), v.Size())
	}
	replaced := func(x float32) bool { return x == old || x != x && old != old }
	f := func(v []float32, _ []float64) {
		for i, x := range v {
			if replaced(x) {
				v[i] = by[i%len(by)]
			}
		}
	}
	c.set(n, 0, c.add(n, &stages.Runs{Name: "imputer", Value: v.at, Columns: v.Size(), Length: v.Size(), Apply: f}, v.Shape, proto.Float))
	return nil
}

func binarizer(c *compiler, n *graph.Node) error {
	v, err := c.real(n, 0)
	if err != nil {
		return err
	}
	threshold := n.Float("threshold", 0)
	out, err := c.each(n, v, every(func(x float32) float32 {
		if x > threshold {
			return 1
		}
		return 0
	}))
	c.set(n, 0, out)
	return err
}

// labelEncoder replaces numbers by numbers.
func labelEncoder(c *compiler, n *graph.Node) error {
	v, err := c.numbers(n, 0)
	if err != nil {
		return err
	}
	keys, keysOf := numbersOf(n, "keys")
	entries, kind := numbersOf(n, "values")
	otherwise := n.Float("default_float", float32(math.Copysign(0, -1)))
	if whole := n.Int("default_int64", -1); kind == proto.Int64 {
		otherwise = float32(whole)
	}
	n.Ignore("default_string")
	switch {
	case kind == 0 || keysOf != v.kind:
		return n.Errorf("it is supported from numbers to numbers, with keys of the type of its input, %s", proto.TypeName(v.kind))
	case len(keys) != len(entries):
		return n.Errorf("it has %d keys and %d values", len(keys), len(entries))
	}
	limit := 1.0
	for i := range keys {
		if kind == proto.Int64 {
			limit = max(limit, math.Abs(float64(entries[i])))
		}
		if keysOf == proto.Int64 && math.Abs(float64(keys[i])) > maxWhole || limit > maxWhole {
			return n.Errorf("whole numbers beyond %d are not supported", maxWhole)
		}
	}
	table := stages.NewTable(v.at, v.Size(), keys, entries, otherwise)
	if c.graph.Opsets[n.Domain] < 4 {
		table.IgnoreNaN()
	}
	out, err := c.emit(n, table, v.Shape, kind, v)
	out.limit = max(limit, math.Abs(float64(otherwise)))
	c.set(n, 0, out)
	return err
}

// oneHotEncoder makes a column for each category of each number: 1 for the category that the number
// is, else 0. Of equal categories the last counts.
func oneHotEncoder(c *compiler, n *graph.Node) error {
	v, err := c.numbers(n, 0)
	if err != nil {
		return err
	}
	n.Ignore("zeros") // 0: onnxruntime fails for a number that is no category
	names := n.Ints("cats_int64s")
	if len(names) == 0 || v.kind != proto.Float && v.kind != proto.Int64 {
		return n.Errorf("it is supported for numbers, with cats_int64s")
	}
	categories := value{Shape: shape.Constant(len(names)), kind: proto.Float, constant: make([]float64, len(names))}
	seen := map[int64]bool{}
	for i := len(names) - 1; i >= 0; i-- {
		x := float64(names[i])
		if math.Abs(x) > maxWhole {
			return n.Errorf("categories beyond %d are not supported", maxWhole)
		}
		if seen[names[i]] {
			x = math.NaN() // which no number equals
		}
		categories.constant[i], seen[names[i]] = x, true
	}
	if v.kind == proto.Float {
		if v, err = c.each(n, v, truncate); err != nil {
			return err
		}
	}
	v.kind = proto.Float
	if v.Shape, err = v.Unsqueeze([]int64{-1}); err != nil {
		return n.Errorf("%w", err)
	}
	out, err := c.combine(n, stages.Equal, v, categories)
	c.set(n, 0, out)
	return err
}

// numbersOf takes a list that is an attribute of one of two types, which it returns; 0: neither.
func numbersOf(n *graph.Node, name string) ([]float32, int64) {
	if n.Has(name + "_floats") {
		return n.Floats(name + "_floats"), proto.Float
	}
	if !n.Has(name + "_int64s") {
		return nil, 0
	}
	var all []float32
	for _, x := range n.Ints(name + "_int64s") {
		all = append(all, float32(x))
	}
	return all, proto.Int64
}
