package shape

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// reshape is numpy's, with a -1 and, as ONNX has it, 0 for the size of the same axis. The elements
// stay in their order.
func reshape(a array, sizes []int, allowZero bool) (array, bool) {
	out, rest := slices.Clone(sizes), -1
	for i, d := range out {
		switch {
		case d == -1:
			if rest >= 0 {
				return a, false
			}
			rest, out[i] = i, 1
		case d == 0 && !allowZero:
			if i >= len(a.dims) {
				return a, false
			}
			out[i] = a.dims[i]
		}
	}
	if left := size(out); rest >= 0 {
		if left == 0 || len(a.elements)%left != 0 {
			return a, false
		}
		out[rest] = len(a.elements) / left
	}
	return array{out, a.elements}, size(out) == len(a.elements)
}

// TestReshape draws sizes, and wants that what is accepted is right for every number of rows, and that
// what is refused is wrong for some or has another shape for each.
func TestReshape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, "shape", 1, rapid.Bool().Draw(t, "rows"))
		sizes := rapid.SliceOfN(rapid.SampledFrom([]float64{Rest, 0, 1, 1, 2, 3, 4, 6, Rows}), 0, 4).Draw(t, "sizes")
		allowZero := rapid.Bool().Draw(t, "allowZero")
		out, err := s.Reshape(sizes, allowZero, 0)
		right := true
		for _, rows := range counts {
			asked := make([]int, len(sizes))
			for i, x := range sizes {
				if asked[i] = rows; x == x {
					asked[i] = int(x)
				}
			}
			want, ok := reshape(whole(s, rows, nil), asked, allowZero)
			if err == nil && (!ok || !whole(out, rows, nil).equal(want)) {
				t.Fatalf("%v to %v with %d rows: %v, not %v", s, sizes, rows, whole(out, rows, nil), want)
			}
			right = right && ok && rowsOf(want, rows, s.Rows >= 0)
		}
		constant := s.Rows < 0 && slices.ContainsFunc(sizes, math.IsNaN)
		if err != nil && right && s.Size() > 0 && !constant {
			t.Fatalf("%v to %v, zero %v is refused: %v", s, sizes, allowZero, err)
		}
	})
}

// rowsOf reports whether some axis of an array has the rows.
func rowsOf(a array, rows int, has bool) bool {
	if !has {
		return true
	}
	for axis, d := range a.dims {
		if d != rows {
			continue
		}
		apart := true
		for i, e := range a.elements {
			apart = apart && at(a.dims, i)[axis] == e.row
		}
		if apart {
			return true
		}
	}
	return false
}

// The number of rows that a file states may stand for it in a size. Rows are kept apart all the same.
func TestReshapeOfBatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, "shape", 1, true)
		batch := rapid.SampledFrom(counts).Draw(t, "batch")
		sizes := rapid.SliceOfN(rapid.SampledFrom([]float64{Rest, 1, 2, 3, 4, 5, 6}), 0, 4).Draw(t, "sizes")
		out, err := s.Reshape(sizes, true, batch)
		if err != nil {
			return
		}
		asked := make([]int, len(sizes))
		for i, x := range sizes {
			asked[i] = int(x)
		}
		if want, ok := reshape(whole(s, batch, nil), asked, true); !ok || !whole(out, batch, nil).equal(want) {
			t.Fatalf("%v to %v with %d rows: %v, not %v", s, sizes, batch, out, want)
		}
	})
}

// The number of rows stands in front, and the rest is one row.
func TestReshapeOfStatedRows(t *testing.T) {
	for _, sizes := range [][]float64{{5, Rest}, {5, 4}, {1, 5, Rest}, {Rest, 4}} {
		out, err := Shape{[]int{1, 4}, 0}.Reshape(sizes, false, 5)
		if err != nil || out.Rows < 0 || out.Dims[len(sizes)-1] != 4 {
			t.Errorf("[5, 4] to %v: %v, %v", sizes, out, err)
		}
	}
}

// TestAxes draws axes to take away or to add, or to flatten from.
func TestAxes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, "shape", 1, rapid.Bool().Draw(t, "rows"))
		axes := rapid.SliceOfN(rapid.Int64Range(-5, 5), 0, 3).Draw(t, "axes")
		one := rapid.Int64Range(-5, 5).Draw(t, "axis")
		less, noLess := s.Squeeze(axes)
		more, noMore := s.Unsqueeze(axes)
		flat, noFlat := s.Flatten(one)
		var lessRight, moreRight, flatRight = true, true, true
		for _, rows := range counts {
			a := whole(s, rows, nil)
			check := func(name string, got Shape, err error, want array, ok bool) bool {
				if err == nil && (!ok || !whole(got, rows, nil).equal(want)) {
					t.Fatalf("%s of %v, %v and %d with %d rows: %v, not %v", name, s, axes, one, rows, got, want)
				}
				return ok && rowsOf(want, rows, s.Rows >= 0)
			}
			want, ok := squeezed(a, axes)
			lessRight = check("Squeeze", less, noLess, want, ok) && lessRight
			want, ok = unsqueezed(a, axes)
			moreRight = check("Unsqueeze", more, noMore, want, ok) && moreRight
			want, ok = flattened(a, int(one))
			flatRight = check("Flatten", flat, noFlat, want, ok) && flatRight
		}
		if noLess != nil && lessRight || noMore != nil && moreRight || noFlat != nil && flatRight {
			t.Fatalf("%v, axes %v and %d: refused: %v, %v, %v", s, axes, one, noLess, noMore, noFlat)
		}
	})
}

func squeezed(a array, axes []int64) (array, bool) {
	gone := map[int]bool{}
	for _, x := range axes {
		axis := int(x)
		if axis < 0 {
			axis += len(a.dims)
		}
		if axis < 0 || axis >= len(a.dims) || a.dims[axis] != 1 {
			return a, false
		}
		gone[axis] = true
	}
	out := array{[]int{}, a.elements}
	for i, d := range a.dims {
		if !gone[i] {
			out.dims = append(out.dims, d)
		}
	}
	return out, true
}

func unsqueezed(a array, axes []int64) (array, bool) {
	rank := len(a.dims) + len(axes)
	ones := map[int]bool{}
	for _, x := range axes {
		axis := int(x)
		if axis < 0 {
			axis += rank
		}
		if axis < 0 || axis >= rank || ones[axis] {
			return a, false
		}
		ones[axis] = true
	}
	out, old := array{[]int{}, a.elements}, a.dims
	for i := range rank {
		if ones[i] {
			out.dims = append(out.dims, 1)
			continue
		}
		out.dims, old = append(out.dims, old[0]), old[1:]
	}
	return out, true
}

func flattened(a array, axis int) (array, bool) {
	if axis < 0 {
		axis += len(a.dims)
	}
	if axis < 0 || axis > len(a.dims) {
		return a, false
	}
	return array{[]int{size(a.dims[:axis]), size(a.dims[axis:])}, a.elements}, true
}

// Sizes that are huge or none are refused, or bounded.
func TestReshapeOfAnything(t *testing.T) {
	extremes := rapid.SampledFrom([]float64{Rest, -2, math.MinInt64, 0, 1, 3, 1 << 16, 1 << 20, 1<<20 + 1, 1 << 31, 1 << 32, math.MaxInt64, math.Inf(1), Rows})
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(extremes, 0, 66).Draw(t, "sizes")
		check := func(s Shape, err error) {
			if err == nil && (len(s.Dims) > MaxRank || !s.within(MaxSize)) {
				t.Fatalf("%v becomes %v", sizes, s)
			}
		}
		check(Sized(sizes))
		for _, s := range []Shape{Constant(), Constant(3, 1<<16), Constant(0), {[]int{1, 1 << 16}, 0}, {[]int{1, 0}, 0}} {
			check(s.Reshape(sizes, rapid.Bool().Draw(t, "allowZero"), rapid.SampledFrom([]int{0, 1, 3, 1 << 16, math.MaxInt32 - 1}).Draw(t, "batch")))
		}
	})
}

// Shapes that pass for themselves do not pass together.
func TestRefused(t *testing.T) {
	wide := Constant(1<<20, 1)
	if _, _, err := Broadcast(wide, Constant(2)); err == nil {
		t.Error("Broadcast to 2^21")
	}
	if _, _, err := Broadcast(Constant(1<<16, 1), Constant(1, 1<<16)); err == nil {
		t.Error("Broadcast to 2^32")
	}
	if _, _, err := Broadcast(Constant(0, 1<<20, 1), Constant(1, 1, 1<<20)); err == nil {
		t.Error("Broadcast to nothing of 2^40")
	}
	if _, _, err := Join(1, []Shape{wide, wide}); err == nil {
		t.Error("Join to 2^21")
	}
	if _, _, err := Join(1, []Shape{{[]int{1, 2}, 0}, Constant(1, 2)}); err == nil {
		t.Error("Join of rows and a constant")
	}
	if _, _, err := wide.Take(1, make([]int, 2)); err == nil {
		t.Error("Take of 2^21")
	}
	if _, err := Constant(1).Unsqueeze(make([]int64, 64)); err == nil {
		t.Error("Unsqueeze to 65 axes")
	}
	if _, err := Constant(make([]int, 60)...).Replace(3, make([]int, 10)); err == nil {
		t.Error("Replace by 69 axes")
	}
}
