package stages

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// folds are plain models: what becomes of the numbers that belong together.
var folds = []struct {
	Fold
	model func(v []float64) float64
}{
	{ReduceSum, total},
	{ReduceMean, func(v []float64) float64 { return total(v) / float64(len(v)) }},
	{ReduceMax, func(v []float64) float64 { return furthest(v, 1) }},
	{ReduceMin, func(v []float64) float64 { return furthest(v, -1) }},
	{ReduceProd, func(v []float64) float64 {
		p := 1.0
		for _, x := range v {
			p *= x
		}
		return p
	}},
	{ReduceSumSquare, squares},
	{ReduceL1, func(v []float64) float64 {
		s := 0.0
		for _, x := range v {
			if s += x; x < 0 {
				s -= 2 * x
			}
		}
		return s
	}},
	{ReduceL2, func(v []float64) float64 { return math.Sqrt(squares(v)) }},
}

func total(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

func squares(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += float64(x * x)
	}
	return s
}

// furthest is NaN if a number is.
func furthest(v []float64, sign float64) float64 {
	best := math.Inf(-1)
	for _, x := range v {
		if x != x {
			return x
		}
		if sign*x > best {
			best = sign * x
		}
	}
	return sign * best
}

// plain are numbers of which float64 sums and products are exact, or NaN. Zeros have one sign.
var plain = rapid.SampledFrom([]float32{0, 1, -1, 2, -2.5, 0.5, 3, 3, 1000, float32(math.NaN())})

func TestReduce(t *testing.T) {
	for _, f := range folds {
		rapid.Check(t, func(t *rapid.T) {
			size, each, rows := rapid.IntRange(1, 4).Draw(t, "size"), rapid.IntRange(1, 4).Draw(t, "each"), counts.Draw(t, "rows")
			to := make([]int32, size*each)
			for i := range to {
				to[i] = int32(i % size)
			}
			to = rapid.Permutation(to).Draw(t, "to")
			value := rapid.SliceOfN(plain, rows*len(to), rows*len(to)).Draw(t, "value")
			s := &Reduce{Fold: f.Fold, Value: 1, To: to, Size: size}
			model := func(row [][]float32) []float32 {
				out := make([]float32, size)
				for k := range out {
					var group []float64
					for i, x := range row[0] {
						if to[i] == int32(k) {
							group = append(group, float64(x))
						}
					}
					out[k] = float32(f.model(group))
				}
				return out
			}
			check(t, s, rows, [][]float32{value}, model)
			s.Whole = func(group []float32, scratch []float64) float32 {
				if len(group) != each || len(scratch) < each {
					t.Fatalf("a group of %d with scratch of %d, not %d", len(group), len(scratch), each)
				}
				for i, x := range group {
					scratch[i] = float64(x)
				}
				return float32(f.model(scratch[:each]))
			}
			if f.Name == ReduceMean.Name || f.Name == ReduceProd.Name {
				check(t, s, rows, [][]float32{value}, model)
			}
		})
	}
}

// With Single each step is rounded: 2^24 and 1 and 1 add up to 2^24.
func TestReduceSingle(t *testing.T) {
	v := []float32{1 << 24, 1, 1, 1 << 24, 1, 1}
	for single, want := range map[bool]float32{true: 1 << 24, false: 1<<24 + 2} {
		s := &Reduce{Fold: ReduceSum, Value: 1, To: []int32{0, 0, 0}, Size: 1, Single: single}
		got := make([]float32, 2)
		if s.NewRunner()(got, [][]float32{v}, 2); !slices.Equal(got, []float32{want, want}) {
			t.Errorf("single %v: %v, not %v", single, got, want)
		}
	}
}

// With Single each square is rounded too.
func TestReduceSingleSquares(t *testing.T) {
	v := []float32{1.9, 0.8, 0.1}
	var rounded float32
	exact := 0.0
	for _, x := range v {
		rounded += float32(x * x)
		exact += float64(x) * float64(x)
	}
	if float32(exact) == rounded {
		t.Fatal("these numbers show nothing")
	}
	for single, want := range map[bool]float32{true: rounded, false: float32(exact)} {
		s := &Reduce{Fold: ReduceSumSquare, Value: 1, To: []int32{0, 0, 0}, Size: 1, Single: single}
		got := make([]float32, 1)
		if s.NewRunner()(got, [][]float32{v}, 1); got[0] != want {
			t.Errorf("single %v: %v, not %v", single, got[0], want)
		}
	}
}

func TestArg(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &Arg{Value: 1, Before: rapid.IntRange(0, 3).Draw(t, "before"), Dim: rapid.IntRange(1, 4).Draw(t, "dim"), Behind: rapid.IntRange(0, 3).Draw(t, "behind"),
			Smallest: rapid.Bool().Draw(t, "smallest"), Last: rapid.Bool().Draw(t, "last")}
		rows, size := counts.Draw(t, "rows"), a.Before*a.Dim*a.Behind
		few := rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), 1, 2, -1, float32(math.Inf(1)), float32(math.Inf(-1))})
		value := rapid.SliceOfN(few, rows*size, rows*size).Draw(t, "value")
		check(t, a, rows, [][]float32{value}, func(row [][]float32) []float32 {
			out := []float32{}
			for i := range a.Before {
				for k := range a.Behind {
					var line []float32
					for j := range a.Dim {
						line = append(line, row[0][(i*a.Dim+j)*a.Behind+k])
					}
					best := slices.Max(line)
					if a.Smallest {
						best = slices.Min(line)
					}
					place := slices.Index(line, best)
					for j := len(line) - 1; a.Last && j > place; j-- {
						if line[j] == best {
							place = j
						}
					}
					out = append(out, float32(place))
				}
			}
			return out
		})
	})
}
