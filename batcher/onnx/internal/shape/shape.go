// Package shape computes the shapes of values of which one axis has the rows, and which numbers of
// one value belong to which of another.
package shape

import (
	"fmt"
	"slices"
	"strings"
)

// Shape is the shape of a value. One axis has the rows, and counts as 1 in Dims: the shape is that of
// a single row. A constant has no such axis.
type Shape struct {
	Dims []int
	Rows int // the axis of the rows; -1: the value is a constant
}

// Bounds of a value.
const (
	MaxSize = 1 << 20 // numbers of a row, or of a constant that is computed
	MaxRank = 64      // axes
)

// Constant is the shape of a constant.
func Constant(dims ...int) Shape { return Shape{dims, -1} }

// Size is how many numbers a row has, or the constant.
func (s Shape) Size() int {
	size := 1
	for _, d := range s.Dims {
		size *= d
	}
	return size
}

// String writes the shape as ONNX does, with N for the rows.
func (s Shape) String() string {
	var all []string
	for i, d := range s.Dims {
		if i == s.Rows {
			all = append(all, "N")
		} else {
			all = append(all, fmt.Sprint(d))
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// Axis returns an axis that counts from the end if it is below 0.
func (s Shape) Axis(axis int64) (int, error) {
	rank := int64(len(s.Dims))
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf("axis %d of %v", axis, s)
	}
	if axis < 0 {
		axis += rank
	}
	return int(axis), nil
}

// Inner returns an axis that is not that of the rows.
func (s Shape) Inner(axis int64) (int, error) {
	a, err := s.Axis(axis)
	if err == nil && a == s.Rows {
		err = fmt.Errorf("axis %d of %v has the rows, which must stay apart", axis, s)
	}
	return a, err
}

// Before is the product of the dims in front of the axis, and Behind that of those behind it.
func (s Shape) Before(axis int) int { return Constant(s.Dims[:axis]...).Size() }

// Behind is described with Before.
func (s Shape) Behind(axis int) int { return Constant(s.Dims[axis+1:]...).Size() }

// With returns the shape with another size of an axis.
func (s Shape) With(axis, size int) Shape {
	dims := slices.Clone(s.Dims)
	dims[axis] = size
	return Shape{dims, s.Rows}
}

// Equal reports whether both are the same.
func (s Shape) Equal(other Shape) bool {
	return s.Rows == other.Rows && slices.Equal(s.Dims, other.Dims)
}

// Broadcast returns the shape of what an operator makes of two values number by number, and which
// number of each belongs to which of the result. A nil list says: the one at the same place.
func Broadcast(a, b Shape) (out Shape, of [2][]int32, err error) {
	rank := max(len(a.Dims), len(b.Dims))
	a, b = a.pad(rank), b.pad(rank)
	wrong := fmt.Errorf("shapes %v and %v do not go together", a, b)
	out = Shape{make([]int, rank), max(a.Rows, b.Rows)}
	if a.Rows >= 0 && b.Rows >= 0 && a.Rows != b.Rows {
		return out, of, wrong
	}
	for i := range rank {
		d, e := a.Dims[i], b.Dims[i]
		if d != e && d != 1 && e != 1 || i == out.Rows && (d != 1 || e != 1) {
			return out, of, wrong
		}
		out.Dims[i] = d
		if d == 1 {
			out.Dims[i] = e
		}
	}
	if !out.within(MaxSize) {
		return out, of, fmt.Errorf("shapes %v and %v make a row of more than %d numbers", a, b, MaxSize)
	}
	return out, [2][]int32{a.spread(out), b.spread(out)}, nil
}

// pad puts axes of 1 in front.
func (s Shape) pad(rank int) Shape {
	more := rank - len(s.Dims)
	dims := make([]int, more, rank)
	for i := range dims {
		dims[i] = 1
	}
	if s.Rows >= 0 {
		s.Rows += more
	}
	return Shape{append(dims, s.Dims...), s.Rows}
}

// spread returns which number of s belongs to which of out, whose rank it has.
func (s Shape) spread(out Shape) []int32 {
	if slices.Equal(s.Dims, out.Dims) {
		return nil
	}
	steps := s.steps()
	for i, d := range s.Dims {
		if d == 1 {
			steps[i] = 0
		}
	}
	return walk(out.Dims, steps)
}

// steps returns how far apart neighbours along each axis are.
func (s Shape) steps() []int {
	steps, step := make([]int, len(s.Dims)), 1
	for i := len(s.Dims) - 1; i >= 0; i-- {
		steps[i] = step
		step *= s.Dims[i]
	}
	return steps
}

// walk returns the places of all numbers of a shape, in its order, if neighbours along each axis are
// so far apart.
func walk(dims, steps []int) []int32 {
	places := []int32{0}
	for i, d := range dims {
		next := make([]int32, 0, len(places)*d)
		for _, p := range places {
			for k := range d {
				next = append(next, p+int32(k*steps[i]))
			}
		}
		places = next
	}
	return places
}

// Transpose returns the shape with its axes in another order, and which number goes where. A nil list
// says that all stay where they are.
func (s Shape) Transpose(order []int) (Shape, []int32) {
	out, steps := Shape{make([]int, len(order)), -1}, make([]int, len(order))
	for i, axis := range order {
		out.Dims[i], steps[i] = s.Dims[axis], s.steps()[axis]
		if axis == s.Rows {
			out.Rows = i
		}
	}
	places := walk(out.Dims, steps)
	for i, p := range places {
		if p != int32(i) {
			return out, places
		}
	}
	return out, nil
}

// Take returns the shape of what is left if, of an axis, the numbers at these places stay, in this
// order, and which those are.
func (s Shape) Take(axis int, places []int) (Shape, []int32, error) {
	out := s.With(axis, len(places))
	if !out.within(max(s.Size(), MaxSize)) {
		return out, nil, fmt.Errorf("%d places along axis %d of %v make more than %d numbers", len(places), axis, s, MaxSize)
	}
	before, behind := s.Before(axis), s.Behind(axis)
	all := make([]int32, 0, out.Size())
	for i := range before {
		for _, p := range places {
			for k := range behind {
				all = append(all, int32((i*s.Dims[axis]+p)*behind+k))
			}
		}
	}
	return out, all, nil
}
