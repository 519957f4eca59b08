package onnx

import (
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/post"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// sums adds the layer of a linear model, with as many outputs as there are intercepts, or as counted.
func (c *compiler) sums(n *graph.Node, v value, count int64, intercepts []float32) (value, error) {
	weights := n.Floats("coefficients")
	if count < 1 || int64(len(weights)) != count*int64(v.Size()) {
		return v, n.Errorf("it has %d coefficients for %d columns and %d outputs", len(weights), v.Size(), count)
	}
	l := dense.Affine{Out: int(count), Weights: weights, Transposed: true, Bias: intercepts}
	return c.addLayer(n, v, v.Size(), v.With(1, l.Out), l), nil
}

// linearRegressor leaves out intercepts that are not one for each target, as onnxruntime does.
func linearRegressor(c *compiler, n *graph.Node) error {
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	t, err := transform(n)
	if err != nil {
		return err
	}
	targets, intercepts := n.Int("targets", 1), n.Floats("intercepts")
	if int64(len(intercepts)) != targets {
		intercepts = nil
	}
	out, err := c.sums(n, v, targets, intercepts)
	if err == nil && t != post.None && (targets > 1 || t == post.Probit) {
		out = c.transform(n, out, t)
	}
	c.set(n, 0, out)
	return err
}

// transform adds a stage for post_transform.
func (c *compiler) transform(n *graph.Node, v value, t post.Transform) value {
	s := &stages.Runs{Name: "post transform", Value: v.at, Columns: v.Size(), Length: v.Size(), Apply: t.Apply}
	return c.add(n, s, v.Shape, proto.Float)
}

func linearClassifier(c *compiler, n *graph.Node) error {
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	t, err := transform(n)
	if err != nil {
		return err
	}
	names, intercepts := classNames(n, "classlabels_ints"), n.Floats("intercepts")
	n.Ignore("multi_class") // which onnxruntime does not use
	pair := len(intercepts) == 1 && names.count == 2
	switch {
	case names.count < 2:
		return n.Errorf("it has %d labels (classlabels_ints or classlabels_strings): at least 2 are supported", names.count)
	case len(intercepts) != names.count && !pair:
		return n.Errorf("it has %d labels and %d intercepts", names.count, len(intercepts))
	case pair && t == post.Probit:
		return n.Errorf("post_transform PROBIT with one sum for two classes is not supported")
	}
	sums, err := c.sums(n, v, int64(len(intercepts)), intercepts)
	if err != nil {
		return err
	}
	sums.shared = true // by the label and the scores
	if c.asked(n, 0) {
		c.set(n, 0, c.label(n, sums, names))
	}
	switch {
	case !c.asked(n, 1):
	case pair:
		c.set(n, 1, c.both(n, sums, t))
	case t != post.None && len(intercepts) > 1:
		c.set(n, 1, c.transform(n, sums, t))
	default:
		c.set(n, 1, sums)
	}
	return nil
}

// classNames takes the list of the classes' names.
func classNames(n *graph.Node, numbers string) *labels {
	l := &labels{}
	for _, x := range n.Ints(numbers) {
		l.numbers = append(l.numbers, float64(x))
	}
	texts := n.Texts("classlabels_strings")
	l.count = max(len(l.numbers), len(texts))
	if len(texts) > 0 {
		l.numbers = nil
	}
	return l
}

// label adds the stage that finds the place of the label: of the largest sum, or of a single one whether
// it is above 0.
func (c *compiler) label(n *graph.Node, sums value, names *labels) value {
	to := shape.Shape{Dims: []int{1}, Rows: 0}
	var v value
	if sums.Size() == 1 {
		v = c.add(n, &stages.Each{Name: "label", Value: sums.at, Columns: 1, Apply: every(func(x float32) float32 {
			if x > 0 {
				return 1
			}
			return 0
		})}, to, proto.Int64)
	} else {
		v = c.add(n, &stages.Arg{Value: sums.at, Before: 1, Dim: sums.Size(), Behind: 1}, to, proto.Int64)
	}
	v.labels = names
	return v
}

// both adds the stage that makes the scores of two classes from one sum.
func (c *compiler) both(n *graph.Node, sum value, t post.Transform) value {
	pair := stages.NewPick([]stages.Operand{operand(sum, nil)}, []int32{0, 0})
	v := c.add(n, pair, sum.With(1, 2), proto.Float)
	s := &stages.Runs{Name: "two classes", Value: v.at, Columns: 2, Length: 2, Apply: func(v []float32, _ []float64) {
		if t == post.Logistic {
			v[0], v[1] = post.Sigmoid(-v[0]), post.Sigmoid(v[1])
		} else {
			v[0] = 1 - v[0]
		}
	}}
	return c.add(n, s, v.Shape, proto.Float)
}
