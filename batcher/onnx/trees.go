package onnx

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/post"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/trees"
)

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// transform takes a node's post_transform.
func transform(n *graph.Node) (post.Transform, error) {
	name := n.Text("post_transform", "NONE")
	t, known := post.Names[name]
	if !known {
		return t, n.Errorf("post_transform %q: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO and PROBIT are supported", name)
	}
	return t, nil
}

// base takes a node's base_values, of which there must be one of these numbers.
func base(n *graph.Node, counts ...int) ([]float32, error) {
	values := n.Floats("base_values")
	for _, c := range counts {
		if len(values) == c {
			return values, nil
		}
	}
	return nil, n.Errorf("base_values has %d elements: one of %v is supported", len(values), counts)
}

// grow adds the stages of an ensemble, and tells f of the sums, whose value it returns.
func (c *compiler) grow(n *graph.Node, e *trees.Ensemble, f *trees.Finish, from value, fault func(*trees.Fault) error) (value, error) {
	made, err := e.Compile(from.at, c.next(), c.kernel)
	if wrong, ok := errors.AsType[*trees.Fault](err); ok {
		return value{}, fault(wrong)
	}
	if err != nil {
		return value{}, err
	}
	v := value{}
	for _, s := range made.Stages {
		v = c.add(n, s, row(s.Width()), proto.Float)
	}
	c.forests = append(c.forests, made.Models...)
	if first := made.Models[0]; c.first == nil && from.at == 0 && first.Shape().Dim == from.Size() {
		c.first = first
	}
	f.Value, f.Flags = v.at, made.Flags
	for _, target := range e.Coverage() {
		f.Never = append(f.Never, target.Never)
	}
	return v, nil
}

func treeRegressor(c *compiler, n *graph.Node) error {
	from, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	l, err := readListed(n, "target", from.Size(), int(min(max(n.Int("n_targets", 1), 0), 1<<20)))
	if err != nil {
		return err
	}
	f := &trees.Finish{Targets: l.targets}
	if f.Transform, err = transform(n); err != nil {
		return err
	}
	if f.Base, err = base(n, 0, l.targets); err != nil {
		return err
	}
	aggregate := n.Text("aggregate_function", "SUM")
	known := false
	if l.to.Aggregate, known = aggregates[aggregate]; !known {
		return n.Errorf("aggregate_function %q: SUM, AVERAGE, MIN and MAX are supported", aggregate)
	}
	if err := n.Done(); err != nil {
		return err
	}
	e, err := l.ensemble()
	if err != nil {
		return err
	}
	return c.regress(n, e, f, from, l.fault)
}

// regress adds the stages of an ensemble whose targets are the answers.
func (c *compiler) regress(n *graph.Node, e *trees.Ensemble, f *trees.Finish, from value, fault func(*trees.Fault) error) error {
	if e.Aggregate == trees.Average {
		f.Trees = float32(len(e.Trees))
	}
	if f.Targets == 1 && f.Transform != post.Probit {
		f.Transform = post.None // onnxruntime makes nothing of a single target
	}
	v, err := c.grow(n, e, f, from, fault)
	if err != nil {
		return err
	}
	if f.Flags || f.Trees != 0 || f.Base != nil || f.Transform != post.None {
		v = c.add(n, f, row(f.Width()), proto.Float)
	}
	c.set(n, 0, v)
	return nil
}

var aggregates = map[string]trees.Aggregate{"SUM": trees.Sum, "AVERAGE": trees.Average, "MIN": trees.Min, "MAX": trees.Max}

func treeClassifier(c *compiler, n *graph.Node) error {
	from, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	names := classNames(n, "classlabels_int64s")
	classes := names.count
	if classes < 2 {
		return n.Errorf("it has %d labels (classlabels_int64s or classlabels_strings): at least 2 are supported", classes)
	}
	l, err := readListed(n, "class", from.Size(), classes)
	if err != nil {
		return err
	}
	f := &trees.Finish{Targets: classes, Classes: true}
	if f.Transform, err = transform(n); err != nil {
		return err
	}
	counts := []int{0, classes}
	if classes == 2 {
		counts = []int{0, 1, 2}
	}
	if f.Base, err = base(n, counts...); err != nil {
		return err
	}
	if err := n.Done(); err != nil {
		return err
	}
	e, err := l.ensemble()
	if err != nil {
		return err
	}
	if err := classify(n, e, f); err != nil {
		return err
	}
	if _, err := c.grow(n, e, f, from, l.fault); err != nil {
		return err
	}
	if c.asked(n, 0) {
		label := *f
		label.Label = true
		v := c.add(n, &label, shape.Shape{Dims: []int{1}}, proto.Int64)
		v.labels = names
		c.set(n, 0, v)
	}
	if c.asked(n, 1) {
		c.set(n, 1, c.add(n, f, row(classes), proto.Float))
	}
	return nil
}

// row is the shape of a matrix of so many columns.
func row(columns int) shape.Shape { return shape.Shape{Dims: []int{1, columns}} }

// classify says how the sums of two classes become scores. onnxruntime looks at which classes have
// weights.
func classify(n *graph.Node, e *trees.Ensemble, f *trees.Finish) error {
	if f.Targets > 2 {
		return nil
	}
	coverage := e.Coverage()
	first, second := coverage[0], coverage[1]
	switch {
	case !first.Always && !first.Never, !second.Always && !second.Never:
		return n.Errorf("class_ids: of 2 classes, some rows collect weights for one and other rows do not: that is not supported")
	case first.Never:
		return n.Errorf("class_ids: of 2 classes, only the second has weights: that is not supported, as it is for the first only")
	}
	f.Positive = second.Never && e.Positive()
	f.Pair = second.Never && len(f.Base) < 2
	if f.Pair && f.Transform == post.Probit {
		return n.Errorf("post_transform PROBIT with the weights of one class is not supported")
	}
	return nil
}
