package batcher

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestKernelsAgree: both kernels are within rounding of the exact sum, and so of each other.
// The bound holds for dim additions in any order.
func TestKernelsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 300).Draw(t, "dim")
		row := rapid.SliceOfN(rapid.Float32Range(-1e6, 1e6), dim, dim).Draw(t, "row")
		exact, magnitude := 0.0, 0.0
		for _, v := range row {
			exact += float64(v)
			magnitude += math.Abs(float64(v))
		}
		var vector, portable [1]float32
		if err := (Sum{}).Score(row, dim, vector[:]); err != nil {
			t.Fatal(err)
		}
		sumPortable(row, dim, dim, portable[:])
		bound := float64(dim) * magnitude * 0x1p-24
		for name, got := range map[string]float32{"vector": vector[0], "portable": portable[0]} {
			if math.Abs(float64(got)-exact) > bound {
				t.Fatalf("%s kernel: %v, exactly %v, may differ by %v", name, got, exact, bound)
			}
		}
	})
}

// TestKernelsAgreeOnSpecials: both kernels accept any float.
func TestKernelsAgreeOnSpecials(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, c := range map[string]struct {
		at   map[int]float32
		want float32
	}{
		"inf":              {map[int]float32{3: inf}, inf},
		"inf and -inf":     {map[int]float32{3: inf, 90: -inf}, nan},
		"nan":              {map[int]float32{127: nan}, nan},
		"smallest number":  {map[int]float32{64: math.SmallestNonzeroFloat32}, math.SmallestNonzeroFloat32},
		"overflow":         {map[int]float32{0: math.MaxFloat32, 8: math.MaxFloat32}, inf},
		"nothing but zero": {nil, 0},
	} {
		row := make([]float32, 128)
		for i, v := range c.at {
			row[i] = v
		}
		var vector, portable [1]float32
		if err := (Sum{}).Score(row, 128, vector[:]); err != nil {
			t.Fatal(err)
		}
		sumPortable(row, 128, 128, portable[:])
		for _, got := range []float32{vector[0], portable[0]} {
			if got != c.want && !(got != got && c.want != c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}

// TestRowsApartScoreAsPacked: the position of a row changes no bit of its score, and the data
// between rows is not read.
func TestRowsApartScoreAsPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim, count := rapid.IntRange(1, 40).Draw(t, "dim"), rapid.IntRange(0, 9).Draw(t, "rows")
		stride := dim + rapid.IntRange(0, 9).Draw(t, "gap")
		feature := rapid.OneOf(rapid.Float32Range(-1e6, 1e6), rapid.Map(rapid.Uint32(), math.Float32frombits))
		packed := rapid.SliceOfN(feature, count*dim, count*dim).Draw(t, "features")
		apart := make([]float32, 0, count*stride)
		for i := range count {
			for len(apart) < i*stride {
				apart = append(apart, float32(math.NaN()))
			}
			apart = append(apart, packed[i*dim:(i+1)*dim]...)
		}
		var want, got [2][]float32
		for i := range want {
			want[i], got[i] = make([]float32, count), make([]float32, count)
		}
		Sum{}.Score(packed, dim, want[0])
		Sum{}.ScoreStrided(apart, dim, stride, got[0])
		sumPortable(packed, dim, dim, want[1])
		sumPortable(apart, dim, stride, got[1])
		for i, kernel := range []string{"vector", "portable"} {
			for row := range count {
				if math.Float32bits(got[i][row]) != math.Float32bits(want[i][row]) {
					t.Fatalf("%s kernel: row %d is %v, packed %v", kernel, row, got[i][row], want[i][row])
				}
			}
		}
	})
}

func BenchmarkSum(b *testing.B) {
	rows, out := make([]float32, 64*128), make([]float32, 64)
	b.Run("vector", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			Sum{}.Score(rows, 128, out)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/row")
	})
	b.Run("portable", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			sumPortable(rows, 128, 128, out)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/row")
	})
}
