package shape

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// array is the plain model: a whole tensor with some number of rows. Its elements are numbered, so
// that a test sees where each went.
type array struct {
	dims     []int
	elements []element
}

// element is the number at a place within a row. The row of a constant is -1.
type element struct{ row, place int }

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// at turns a place among all numbers into one along each axis.
func at(dims []int, i int) []int {
	places := make([]int, len(dims))
	for k := len(dims) - 1; k >= 0; k-- {
		places[k], i = i%dims[k], i/dims[k]
	}
	return places
}

func (a array) get(places []int) element {
	i := 0
	for k, p := range places {
		i = i*a.dims[k] + p
	}
	return a.elements[i]
}

// build makes an array by a function of the places along each axis.
func build(dims []int, get func(places []int) element) array {
	a := array{dims, make([]element, size(dims))}
	for i := range a.elements {
		a.elements[i] = get(at(dims, i))
	}
	return a
}

// whole is the tensor that a shape stands for, if there are so many rows. Element i of row r is the
// index[i]-th number of that row; nil: the i-th.
func whole(s Shape, rows int, index []int32) array {
	dims := slices.Clone(s.Dims)
	if s.Rows >= 0 {
		dims[s.Rows] = rows
	}
	return build(dims, func(places []int) element {
		row, inner := -1, slices.Clone(places)
		if s.Rows >= 0 {
			row, inner[s.Rows] = places[s.Rows], 0
		}
		i := 0
		for k, p := range inner {
			i = i*s.Dims[k] + p
		}
		if index != nil {
			i = int(index[i])
		}
		return element{row, i}
	})
}

func (a array) equal(b array) bool {
	return slices.Equal(a.dims, b.dims) && slices.Equal(a.elements, b.elements)
}

// draw draws a shape with dims from low on. With rows: one of its axes has them.
func draw(t *rapid.T, label string, low int, rows bool) Shape {
	s := Shape{rapid.SliceOfN(rapid.IntRange(low, 3), 0, 3).Draw(t, label), -1}
	if rows {
		s.Rows = rapid.IntRange(0, len(s.Dims)).Draw(t, label+" rows")
		s.Dims = slices.Insert(s.Dims, s.Rows, 1)
	}
	return s
}

// counts are numbers of rows for which a shape must be right.
var counts = []int{2, 3, 5}

func TestBroadcast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a", 1, rapid.Bool().Draw(t, "rows of a")), draw(t, "b", 1, rapid.Bool().Draw(t, "rows of b"))
		out, index, err := Broadcast(a, b)
		right := true
		for _, rows := range counts {
			want, ok := broadcast(whole(a, rows, nil), whole(b, rows, nil))
			if right = right && ok && apart(want); err != nil || !ok {
				continue
			}
			for k, s := range []Shape{a, b} {
				got := whole(out, rows, index[k])
				for i, e := range got.elements {
					if w := want[k].elements[i]; !slices.Equal(got.dims, want[k].dims) || e.place != w.place || s.Rows >= 0 && e.row != w.row {
						t.Fatalf("%v and %v with %d rows: operand %d is %v, not %v", a, b, rows, k, got, want[k])
					}
				}
			}
		}
		if right != (err == nil) {
			t.Fatalf("%v and %v: %v, but numpy keeps the rows apart: %v", a, b, err, right)
		}
	})
}

// broadcast is numpy's: what each operand is once it has the shape of the result.
func broadcast(a, b array) (out [2]array, ok bool) {
	rank := max(len(a.dims), len(b.dims))
	padded := func(a array) array {
		return array{append(slices.Repeat([]int{1}, rank-len(a.dims)), a.dims...), a.elements}
	}
	a, b = padded(a), padded(b)
	dims := make([]int, rank)
	for i := range dims {
		switch d, e := a.dims[i], b.dims[i]; {
		case d == e, e == 1:
			dims[i] = d
		case d == 1:
			dims[i] = e
		default:
			return out, false
		}
	}
	for k, x := range []array{a, b} {
		out[k] = build(dims, func(places []int) element {
			for i, d := range x.dims {
				if d == 1 {
					places[i] = 0
				}
			}
			return x.get(places)
		})
	}
	return out, true
}

// apart reports whether no number of one row meets one of another.
func apart(pair [2]array) bool {
	for i, e := range pair[0].elements {
		if f := pair[1].elements[i]; e.row != f.row && e.row >= 0 && f.row >= 0 {
			return false
		}
	}
	return true
}

func TestTranspose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, "shape", 0, rapid.Bool().Draw(t, "rows"))
		order := rapid.Permutation(identity(len(s.Dims))).Draw(t, "order")
		out, index := s.Transpose(order)
		for _, rows := range counts {
			old, dims := whole(s, rows, nil), make([]int, len(order))
			for i, axis := range order {
				dims[i] = old.dims[axis]
			}
			want := build(dims, func(places []int) element {
				from := make([]int, len(order))
				for i, axis := range order {
					from[axis] = places[i]
				}
				return old.get(from)
			})
			if got := whole(out, rows, index); !got.equal(want) {
				t.Fatalf("%v by %v with %d rows: %v, not %v", s, order, rows, got, want)
			}
		}
	})
}

func identity(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, "shape", 1, rapid.Bool().Draw(t, "rows"))
		axis, err := s.Inner(int64(rapid.IntRange(-5, 5).Draw(t, "axis")))
		if err != nil {
			return
		}
		places := rapid.SliceOfN(rapid.IntRange(0, s.Dims[axis]-1), 0, 4).Draw(t, "places")
		out, index, err := s.Take(axis, places)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range counts {
			old := whole(s, rows, nil)
			dims := slices.Clone(old.dims)
			dims[axis] = len(places)
			want := build(dims, func(at []int) element {
				at[axis] = places[at[axis]]
				return old.get(at)
			})
			if got := whole(out, rows, index); !got.equal(want) {
				t.Fatalf("%v, %v of axis %d with %d rows: %v, not %v", s, places, axis, rows, got, want)
			}
		}
	})
}

func TestJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := draw(t, "shape", 1, rapid.Bool().Draw(t, "rows"))
		axis, err := first.Inner(int64(rapid.IntRange(-5, 5).Draw(t, "axis")))
		if err != nil {
			return
		}
		all := []Shape{first}
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			all = append(all, first.With(axis, rapid.IntRange(0, 3).Draw(t, "size")))
		}
		out, index, err := Join(axis, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range counts {
			var want array
			before := 0 // numbers of a row in the values before
			var owner []int
			for k, s := range all {
				for range s.Dims[axis] {
					owner = append(owner, k)
				}
			}
			want.dims = whole(out, rows, index).dims
			want = build(want.dims, func(places []int) element {
				k := owner[places[axis]]
				before = 0
				for _, s := range all[:k] {
					before += s.Size()
				}
				places[axis] -= slices.Index(owner, k)
				e := whole(all[k], rows, nil).get(places)
				e.place += before
				return e
			})
			if got := whole(out, rows, index); !got.equal(want) {
				t.Fatalf("%v along axis %d with %d rows: %v, not %v", all, axis, rows, got, want)
			}
		}
	})
}
