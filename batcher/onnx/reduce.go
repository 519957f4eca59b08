package onnx

import (
	"slices"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// folds are the operators that make one number of those along axes.
var folds = map[string]stages.Fold{
	"ReduceSum": stages.ReduceSum, "ReduceMean": stages.ReduceMean, "ReduceMax": stages.ReduceMax, "ReduceMin": stages.ReduceMin,
	"ReduceProd": stages.ReduceProd, "ReduceSumSquare": stages.ReduceSumSquare, "ReduceL1": stages.ReduceL1, "ReduceL2": stages.ReduceL2,
}

// ofWhole are those that exporters use for sizes, too.
var ofWhole = []string{"ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin"}

func reduceLogSumExp(c *compiler, n *graph.Node) error {
	return reduce(c, n, &stages.Reduce{Fold: stages.Fold{Name: "logarithm of the sum of exponentials"}, Whole: activation.LogSumExp})
}

// reduce completes a stage.
func reduce(c *compiler, n *graph.Node, s *stages.Reduce) error {
	v, err := c.numbers(n, 0)
	if whole := v.kind == proto.Int64 && v.constant != nil && slices.Contains(ofWhole, n.Operator); err == nil && !whole {
		err = isReal(n, 0, v)
	}
	if err != nil {
		return err
	}
	axes, err := c.axes(n, 1)
	if err != nil {
		return err
	}
	keep, nothing := n.Int("keepdims", 1) != 0, n.Int("noop_with_empty_axes", 0) != 0
	if len(axes) == 0 {
		if nothing {
			c.set(n, 0, v)
			return nil
		}
		if v.constant == nil {
			return n.Errorf("it is over all axes, also that of the rows, which must stay apart")
		}
		for i := range v.Dims {
			axes = append(axes, int64(i))
		}
	}
	to := v.Shape
	outer := true // all axes are in front of the rows
	var gone []int64
	for _, axis := range axes {
		at, err := v.Inner(axis)
		if err != nil {
			return n.Errorf("%w", err)
		}
		to, gone, outer = to.With(at, 1), append(gone, int64(at)), outer && at < v.Rows
	}
	_, index, err := shape.Broadcast(v.Shape, to)
	if err != nil {
		return n.Errorf("%w", err)
	}
	if index[1] == nil {
		index[1] = identity(v.Size())
	}
	s.Value, s.To, s.Size, s.Single = v.at, index[1], to.Size(), outer
	c.rounded = c.rounded || !outer
	out, err := c.emit(n, s, to, v.kind, v)
	if err == nil && !keep {
		out.Shape, err = to.Squeeze(gone)
	}
	c.set(n, 0, out)
	return err
}

func identity(size int) []int32 {
	all := make([]int32, size)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// arg finds the place of the largest or smallest number along an axis.
func arg(c *compiler, n *graph.Node) error {
	v, axis, err := c.along(n, 0)
	if err != nil {
		return err
	}
	size := v.Dims[axis]
	if size < 1 || size > maxWhole {
		return n.Errorf("its axis has %d numbers", size)
	}
	s := &stages.Arg{Value: v.at, Before: v.Before(axis), Dim: size, Behind: v.Behind(axis),
		Smallest: n.Operator == "ArgMin", Last: n.Int("select_last_index", 0) != 0}
	to := v.With(axis, 1)
	out, err := c.emit(n, s, to, proto.Int64, v)
	if err == nil && n.Int("keepdims", 1) == 0 {
		out.Shape, err = to.Squeeze([]int64{int64(axis)})
	}
	out.limit, out.place = max(float64(size-1), 0.5), true // 0 would say that it is unknown
	c.set(n, 0, out)
	return err
}
