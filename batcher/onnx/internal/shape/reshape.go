package shape

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// What stands for a size in the list that Reshape gets.
const (
	Same = 0  // that of the same axis
	Rest = -1 // what is left for this axis
)

// Rows stands for the number of rows, where a graph computes with it.
var Rows = math.NaN()

// Reshape returns the shape that ONNX's Reshape makes. batch is how many rows the file says that there
// are; 0: it leaves that open.
//
// The numbers keep their order, and those of a row must stay together. So the rows must keep their
// place: what is in front of them has as many numbers as before.
func (s Shape) Reshape(sizes []float64, allowZero bool, batch int) (Shape, error) {
	if err := ranked(len(sizes)); err != nil {
		return s, err
	}
	out, rest := Shape{make([]int, len(sizes)), -1}, -1
	for i, size := range sizes {
		switch {
		case size != size:
			if err := out.setRows(i); err != nil {
				return out, err
			}
		case size == Rest:
			if rest >= 0 {
				return out, errors.New("the new shape has two sizes of -1")
			}
			rest, out.Dims[i] = i, 1
		case size == Same && !allowZero && i >= len(s.Dims):
			return out, fmt.Errorf("the new shape keeps the size of axis %d, and %v has none", i, s)
		case size == Same && !allowZero && i == s.Rows:
			if err := out.setRows(i); err != nil {
				return out, err
			}
		case size == Same && !allowZero:
			out.Dims[i] = s.Dims[i]
		case size < 0 || size > MaxSize:
			return out, fmt.Errorf("the new shape has a size of %v", size)
		default:
			out.Dims[i] = int(size)
		}
	}
	if !s.place(&out, rest, batch) {
		return out, fmt.Errorf("%v cannot become %v with each row for itself", s, written(sizes))
	}
	return out, nil
}

// written writes sizes with N for the number of rows.
func written(sizes []float64) string {
	var all []string
	for _, size := range sizes {
		if size != size {
			all = append(all, "N")
		} else {
			all = append(all, fmt.Sprint(size))
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// Sized returns the shape with these sizes. One of them may be [Rows].
func Sized(sizes []float64) (Shape, error) {
	if err := ranked(len(sizes)); err != nil {
		return Shape{}, err
	}
	out := Shape{make([]int, len(sizes)), -1}
	for i, size := range sizes {
		if size != size {
			if err := out.setRows(i); err != nil {
				return out, err
			}
			continue
		}
		if size < 0 || size > MaxSize {
			return out, fmt.Errorf("the new shape has a size of %v", size)
		}
		out.Dims[i] = int(size)
	}
	if !out.within(MaxSize) {
		return out, fmt.Errorf("the new shape %v has more than %d numbers", out, MaxSize)
	}
	return out, nil
}

func (s *Shape) setRows(axis int) error {
	if s.Rows >= 0 {
		return errors.New("the new shape has the number of rows twice")
	}
	s.Rows, s.Dims[axis] = axis, 1
	return nil
}

// place finds the axis of the rows, and the size of the axis rest. It reports whether there are such.
func (s Shape) place(out *Shape, rest, batch int) bool {
	size := s.Size()
	if !out.within(max(size, MaxSize)) {
		return false
	}
	left := out.Size()
	if s.Rows >= 0 && out.Rows < 0 {
		if rest >= 0 && left == size { // -1 stands for the rows
			out.Rows, rest = rest, -1
		} else if out.Rows = s.fixed(out, rest, batch); out.Rows >= 0 {
			out.Dims[out.Rows] = 1
			left = out.Size()
		}
	}
	if (s.Rows >= 0) != (out.Rows >= 0) {
		return false
	}
	if rest >= 0 {
		if left == 0 || size%left != 0 {
			return false
		}
		out.Dims[rest] = size / left
	}
	if out.Size() != size || s.Rows >= 0 && s.Before(s.Rows) != out.Before(out.Rows) {
		return false
	}
	return true
}

// fixed returns the axis with the number of rows that the file states; -1: there is none.
func (s Shape) fixed(out *Shape, rest, batch int) int {
	for i, d := range out.Dims {
		if i != rest && batch > 0 && d == batch && s.Before(s.Rows) == out.Before(i) {
			return i
		}
	}
	return -1
}

// within reports whether the product of the dims is at most limit. A dim of 0 counts as 1, as the
// others are run through all the same.
func (s Shape) within(limit int) bool {
	size := int64(1)
	for _, d := range s.Dims {
		if size *= int64(max(d, 1)); size > int64(limit) {
			return false
		}
	}
	return true
}

// ranked refuses so many axes.
func ranked(axes int) error {
	if axes > MaxRank {
		return fmt.Errorf("the new shape has %d axes, and at most %d are supported", axes, MaxRank)
	}
	return nil
}

// Squeeze returns the shape without these axes, whose sizes must be 1. nil: all such axes of a
// constant.
func (s Shape) Squeeze(axes []int64) (Shape, error) {
	gone := make([]bool, len(s.Dims))
	if axes == nil {
		for i, d := range s.Dims {
			gone[i] = d == 1
		}
		if s.Rows >= 0 {
			return s, errors.New("it does not name its axes, so that its shape depends on the number of rows")
		}
	}
	for _, axis := range axes {
		a, err := s.Inner(axis)
		if err != nil {
			return s, err
		}
		if s.Dims[a] != 1 {
			return s, fmt.Errorf("axis %d of %v has not the size 1", axis, s)
		}
		gone[a] = true
	}
	out := Shape{Rows: -1}
	for i, d := range s.Dims {
		if i == s.Rows {
			out.Rows = len(out.Dims)
		}
		if !gone[i] {
			out.Dims = append(out.Dims, d)
		}
	}
	return out, nil
}

// Unsqueeze returns the shape with axes of the size 1 at these places of the result.
func (s Shape) Unsqueeze(axes []int64) (Shape, error) {
	if err := ranked(len(s.Dims) + len(axes)); err != nil {
		return s, err
	}
	out := Shape{make([]int, len(s.Dims)+len(axes)), -1}
	for _, axis := range axes {
		a, err := out.Axis(axis)
		if err != nil || out.Dims[a] == 1 {
			return s, fmt.Errorf("axes %v for %v", axes, s)
		}
		out.Dims[a] = 1
	}
	next := 0
	for i, d := range out.Dims {
		if d == 1 {
			continue
		}
		if next == s.Rows {
			out.Rows = i
		}
		out.Dims[i] = s.Dims[next]
		next++
	}
	return out, nil
}

// Flatten returns the shape with the axes in front of one as a single axis, and the others as another.
func (s Shape) Flatten(axis int64) (Shape, error) {
	if axis < 0 {
		axis += int64(len(s.Dims))
	}
	if axis < 0 || axis > int64(len(s.Dims)) {
		return s, fmt.Errorf("axis %d of %v", axis, s)
	}
	at := int(axis)
	out := Shape{[]int{s.Before(at), Constant(s.Dims[at:]...).Size()}, -1}
	if s.Rows >= 0 {
		out.Rows = 0
		if s.Rows >= at {
			out.Rows = 1
		}
		if out.Dims[out.Rows] != 1 {
			return s, fmt.Errorf("%v cannot be flattened from axis %d on with each row for itself", s, at)
		}
	}
	return out, nil
}

// Join returns the shape of values that stand behind one another along an axis, and which number of
// all of them, one value after the other, goes where.
func Join(axis int, all []Shape) (Shape, []int32, error) {
	out := all[0].With(axis, 0)
	for _, s := range all {
		if len(s.Dims) != len(out.Dims) || s.Rows != out.Rows || !slices.Equal(s.With(axis, 0).Dims, out.Dims) {
			return out, nil, fmt.Errorf("shapes %v and %v do not go together", all[0], s)
		}
	}
	for _, s := range all {
		if out.Dims[axis] += s.Dims[axis]; !out.within(MaxSize) {
			return out, nil, fmt.Errorf("a row of more than %d numbers", MaxSize)
		}
	}
	places := make([]int32, 0, out.Size())
	for i := range out.Before(axis) {
		first := 0
		for _, s := range all {
			run := s.Dims[axis] * s.Behind(axis)
			for k := range run {
				places = append(places, int32(first+i*run+k))
			}
			first += s.Size()
		}
	}
	return out, places, nil
}

// Replace returns the shape with other dims in the place of an axis, which is not that of the rows.
func (s Shape) Replace(axis int, dims []int) (Shape, error) {
	if s.Rows > axis {
		s.Rows += len(dims) - 1
	}
	s.Dims = slices.Concat(s.Dims[:axis], dims, s.Dims[axis+1:])
	return s, ranked(len(s.Dims))
}
