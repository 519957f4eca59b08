package onnx

import (
	"math"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
)

// sliced is what Slice does with one axis.
type sliced struct{ first, end, step int64 }

// slice has its lists as attributes before opset 10, and as inputs from there on.
func slice(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	lists := [4][]int64{n.Ints("starts"), n.Ints("ends"), n.Ints("axes"), nil}
	for i := range lists {
		if lists[i] == nil {
			if lists[i], err = c.list(n, i+1); err != nil {
				return err
			}
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return n.Errorf("starts %v, ends %v, axes %v and steps %v do not go together", starts, ends, axes, steps)
	}
	for i := range starts {
		axis, step := int64(i), int64(1)
		if axes != nil {
			axis = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		if v, err = c.cut(n, v, axis, sliced{starts[i], ends[i], step}); err != nil {
			return err
		}
	}
	c.set(n, 0, v)
	return nil
}

// cut takes a slice of an axis. That of the rows must stay whole.
func (c *compiler) cut(n *graph.Node, v value, axis int64, s sliced) (value, error) {
	at, err := v.Axis(axis)
	if err != nil {
		return v, n.Errorf("%w", err)
	}
	if at == v.Rows && s.first == 0 && s.step == 1 && s.end >= math.MaxInt32 {
		return v, nil
	}
	if _, err := v.Inner(axis); err != nil {
		return v, n.Errorf("%w", err)
	}
	if s.step == 0 {
		return v, n.Errorf("its step is 0")
	}
	to, index, err := v.Take(at, s.places(int64(v.Dims[at])))
	if err != nil {
		return v, n.Errorf("%w", err)
	}
	return c.pick(n, to, index, v)
}

// places returns those of a slice of size numbers.
func (s sliced) places(size int64) []int {
	from := func(x, low, high int64) int64 {
		if x < 0 {
			x += size
		}
		return min(max(x, low), high)
	}
	places := []int{}
	s.step = min(max(s.step, -size-1), size+1)
	switch {
	case s.step > 0:
		for i, end := from(s.first, 0, size), from(s.end, 0, size); i < end; i += s.step {
			places = append(places, int(i))
		}
	case s.step < 0:
		for i, end := from(s.first, 0, size-1), from(s.end, -1, size-1); i > end; i += s.step {
			places = append(places, int(i))
		}
	}
	return places
}

// split cuts an axis into parts: by an attribute, an input, or evenly.
func split(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	axis, err := v.Inner(n.Int("axis", 0))
	if err != nil {
		return n.Errorf("%w", err)
	}
	sizes := n.Ints("split")
	if sizes == nil {
		if sizes, err = c.list(n, 1); err != nil {
			return err
		}
	}
	count, size := int64(len(n.Outputs)), int64(v.Dims[axis])
	n.Ignore("num_outputs") // as many as there are
	if sizes == nil {
		for i := range count {
			part := (size + count - 1) / count
			sizes = append(sizes, min(part, max(size-i*part, 0)))
		}
	}
	first := int64(0)
	for i, part := range sizes {
		if part < 0 || part > size-first || int64(len(sizes)) != count {
			return n.Errorf("parts %v of an axis of %d for %d outputs", sizes, size, count)
		}
		out, err := c.cut(n, v, int64(axis), sliced{first, first + part, 1})
		if err != nil {
			return err
		}
		c.set(n, i, out)
		first += part
	}
	if first != size {
		return n.Errorf("parts %v of an axis of %d", sizes, size)
	}
	return nil
}
