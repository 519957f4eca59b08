package stages

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// numbers are drawn from few, so that equals, zeros of both signs, NaN and infinities meet.
var numbers = rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), 1, -1, 1, 2, 0.5, -2.5, 3e38, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())})

func drawn(t *rapid.T, label string, count int) []float32 {
	return rapid.SliceOfN(numbers, count, count).Draw(t, label)
}

func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	})
}

// check runs a stage on rows, at once and one after the other, and compares what it makes with a model
// of a single row. from are the values that the stage reads.
func check(t *rapid.T, s pipeline.Stage, rows int, from [][]float32, model func(row [][]float32) []float32) {
	if len(s.From()) != len(from) {
		t.Fatalf("%v reads %d values, not %d", s, len(s.From()), len(from))
	}
	at := func(i int) (row [][]float32) {
		for _, v := range from {
			width := len(v) / rows
			row = append(row, v[i*width:(i+1)*width])
		}
		return row
	}
	var before [][]float32
	for _, v := range from {
		before = append(before, slices.Clone(v))
	}
	w, run := s.Width(), s.NewRunner()
	const behind = 123
	got, single := make([]float32, rows*w+1), make([]float32, w)
	got[rows*w] = behind
	if err := run(got, from, rows); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := run(single, at(i), 1); err != nil {
			t.Fatal(err)
		}
		want := model(at(i))
		if g := got[i*w : (i+1)*w]; !same(g, want) || !same(single, want) {
			t.Fatalf("%v: row %d of %d is %v, alone %v, and must be %v: from %v", s, i, rows, g, single, want, at(i))
		}
	}
	for i, v := range from {
		if !same(v, before[i]) {
			t.Fatalf("%v has written to what it reads: %v was %v", s, v, before[i])
		}
	}
	if got[rows*w] != behind {
		t.Fatalf("%v has written behind its value", s)
	}
	if n := testing.AllocsPerRun(1, func() { run(got, from, rows) }); n != 0 {
		t.Fatalf("%v: %v allocations", s, n)
	}
	if s.Bytes() < 0 || fmt.Sprint(s) == "" {
		t.Fatalf("%v has %d bytes", s, s.Bytes())
	}
}

var counts = rapid.SampledFrom([]int{1, 2, 3, 64})

// source is an operand, and the value it reads, if it is none of the constants.
type source struct {
	Operand
	value []float32
}

// drawSource draws an operand of size numbers for each row.
func drawSource(t *rapid.T, label string, size, rows int) source {
	s := source{}
	width := size
	if rapid.Bool().Draw(t, label+" has an index") {
		width = rapid.IntRange(1, 4).Draw(t, label+" width")
		s.Index = rapid.SliceOfN(rapid.Int32Range(0, int32(width)-1), size, size).Draw(t, label+" index")
	}
	if rapid.Bool().Draw(t, label+" is constant") {
		s.Constant = drawn(t, label, width)
		return s
	}
	s.Value, s.Width, s.value = 1, width, drawn(t, label, rows*width)
	return s
}

// read is a model of an operand: its numbers for a row. It takes the value of the row from row.
func (s source) read(row *[][]float32) []float32 {
	from := s.Constant
	if from == nil {
		from, *row = (*row)[0], (*row)[1:]
	}
	if s.Index == nil {
		return from
	}
	var all []float32
	for _, p := range s.Index {
		all = append(all, from[p])
	}
	return all
}

func valuesOf(all ...source) (from [][]float32) {
	for _, s := range all {
		if s.Constant == nil {
			from = append(from, s.value)
		}
	}
	return from
}

func TestCombine(t *testing.T) {
	truth := func(f bool) float32 {
		if f {
			return 1
		}
		return 0
	}
	ops := []struct {
		Op
		model func(a, b float32) float32
	}{
		{Add, func(a, b float32) float32 { return a + b }},
		{Subtract, func(a, b float32) float32 { return a - b }},
		{Multiply, func(a, b float32) float32 { return a * b }},
		{Divide, func(a, b float32) float32 { return a / b }},
		{Max, func(a, b float32) float32 { return float32(math.Max(float64(a), float64(b))) }},
		{Min, func(a, b float32) float32 { return float32(math.Min(float64(a), float64(b))) }},
		{PRelu, func(a, b float32) float32 {
			if a < 0 {
				return a * b
			}
			return a
		}},
		{Equal, func(a, b float32) float32 { return truth(a == b) }},
		{Less, func(a, b float32) float32 { return truth(a < b) }},
		{LessOrEqual, func(a, b float32) float32 { return truth(a < b || a == b) }},
		{Greater, func(a, b float32) float32 { return truth(b < a) }},
		{GreaterOrEqual, func(a, b float32) float32 { return truth(b < a || a == b) }},
		{And, func(a, b float32) float32 { return truth(!(a == 0 || b == 0)) }},
		{Or, func(a, b float32) float32 { return truth(!(a == 0 && b == 0)) }},
		{Xor, func(a, b float32) float32 { return truth((a == 0) != (b == 0)) }},
	}
	for _, op := range ops {
		rapid.Check(t, func(t *rapid.T) {
			size, rows := rapid.IntRange(0, 5).Draw(t, "size"), counts.Draw(t, "rows")
			a, b := drawSource(t, "a", size, rows), drawSource(t, "b", size, rows)
			if op.Name == Max.Name || op.Name == Min.Name {
				finite(a, b) // math.Max of an infinity and NaN is the infinity
			}
			check(t, NewCombine(op.Op, a.Operand, b.Operand, size), rows, valuesOf(a, b), func(row [][]float32) []float32 {
				x, y := a.read(&row), b.read(&row)
				out := make([]float32, size)
				for i := range out {
					out[i] = op.model(x[i], y[i])
				}
				return out
			})
		})
	}
}

// finite puts numbers in the place of infinities.
func finite(all ...source) {
	for _, s := range all {
		for _, v := range [][]float32{s.Constant, s.value} {
			for i, x := range v {
				if math.IsInf(float64(x), 0) {
					v[i] = float32(math.Copysign(7, float64(x)))
				}
			}
		}
	}
}

func TestSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, rows := rapid.IntRange(0, 5).Draw(t, "size"), counts.Draw(t, "rows")
		c, a, b := drawSource(t, "condition", size, rows), drawSource(t, "a", size, rows), drawSource(t, "b", size, rows)
		check(t, NewSelect(c.Operand, a.Operand, b.Operand, size), rows, valuesOf(c, a, b), func(row [][]float32) []float32 {
			when, x, y := c.read(&row), a.read(&row), b.read(&row)
			out := slices.Clone(y[:size])
			for i := range out {
				if !(when[i] == 0) {
					out[i] = x[i] + 0 // 0 has no sign
				}
			}
			return out
		})
	})
}

func TestPick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, total := counts.Draw(t, "rows"), 0
		var all []source
		var operands []Operand
		for range rapid.IntRange(1, 4).Draw(t, "operands") {
			s, width := source{}, rapid.IntRange(0, 3).Draw(t, "width")
			if rapid.Bool().Draw(t, "constant") {
				s.Constant = drawn(t, "constant numbers", width)
			} else {
				s.Value, s.Width, s.value = 1, width, drawn(t, "value", width*rows)
			}
			all, operands, total = append(all, s), append(operands, s.Operand), total+width
		}
		var places []int32
		if total > 0 && rapid.Bool().Draw(t, "some") {
			places = rapid.SliceOfN(rapid.Int32Range(0, int32(total)-1), 0, 9).Draw(t, "places")
		}
		p := NewPick(operands, places)
		check(t, p, rows, valuesOf(all...), func(row [][]float32) []float32 {
			numbers := []float32{}
			for _, s := range all {
				numbers = append(numbers, s.read(&row)...)
			}
			if places == nil {
				return numbers
			}
			out := []float32{}
			for _, place := range places {
				out = append(out, numbers[place])
			}
			return out
		})
	})
}

// Neighbours move together.
func TestPickPieces(t *testing.T) {
	operands := []Operand{{Value: 1, Width: 3}, {Constant: []float32{7, 8}}, {Value: 2, Width: 2}}
	for _, c := range []struct {
		places []int32
		pieces int
	}{{nil, 3}, {[]int32{0, 1, 2, 3, 4, 5, 6}, 3}, {[]int32{1, 2, 4, 5, 6}, 3}, {[]int32{2, 1, 0}, 3}, {[]int32{0, 1, 0, 1}, 2}, {[]int32{}, 0}} {
		if p := NewPick(operands, c.places); len(p.pieces) != c.pieces {
			t.Errorf("%v in %d pieces, not %d", c.places, len(p.pieces), c.pieces)
		}
	}
}

func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, rows, count := rapid.IntRange(0, 4).Draw(t, "columns"), counts.Draw(t, "rows"), rapid.IntRange(0, 40).Draw(t, "entries")
		keys, entries := drawn(t, "keys", count), drawn(t, "entries", count)
		otherwise := numbers.Draw(t, "otherwise")
		check(t, NewTable(1, columns, keys, entries, otherwise), rows, [][]float32{drawn(t, "value", columns*rows)}, func(row [][]float32) []float32 {
			out := make([]float32, columns)
			for i, x := range row[0] {
				out[i] = otherwise
				if k := slices.IndexFunc(keys, func(k float32) bool { return k == x || k != k && x != x }); k >= 0 {
					out[i] = entries[k]
				}
			}
			return out
		})
	})
}

func TestRunsAndEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length, runs, rows := rapid.IntRange(1, 4).Draw(t, "length"), rapid.IntRange(0, 3).Draw(t, "runs"), counts.Draw(t, "rows")
		value := drawn(t, "value", length*runs*rows)
		r := &Runs{Name: "running sum", Value: 1, Columns: length * runs, Length: length, Apply: func(run []float32, scratch []float64) {
			for i := range run {
				if scratch[i] = float64(run[i]); i > 0 {
					scratch[i] += scratch[i-1]
				}
			}
			for i := range run {
				run[i] = float32(scratch[i])
			}
		}}
		check(t, r, rows, [][]float32{value}, func(row [][]float32) []float32 {
			out, sum := make([]float32, length*runs), 0.0
			for i, x := range row[0] {
				if sum += float64(x); i%length == 0 {
					sum = float64(x)
				}
				out[i] = float32(sum)
			}
			return out
		})
		e := &Each{Name: "twice", Value: 1, Columns: length * runs, Apply: func(v []float32) {
			for i := range v {
				v[i] *= 2
			}
		}}
		check(t, e, rows, [][]float32{value}, func(row [][]float32) []float32 {
			out := make([]float32, length*runs)
			for i, x := range row[0] {
				out[i] = 2 * x
			}
			return out
		})
	})
}
