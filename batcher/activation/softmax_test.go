package activation

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSoftmaxError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float32Range(-20, 20), rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32))
		v := rapid.SliceOfN(number, 1, 40).Draw(t, "values")
		high, total := v[0], 0.0
		for _, x := range v {
			high = max(high, x)
		}
		got := append([]float32(nil), v...)
		Softmax(got, make([]float64, len(v)))
		for _, x := range v {
			total += math.Exp(float64(x) - float64(high))
		}
		for i, x := range v {
			want := math.Exp(float64(x)-float64(high)) / total
			if e := math.Abs(float64(got[i])-want) / lastPlace(want); e > 0.5001 {
				t.Fatalf("value %d is %v, not %v: %v ulp", i, got[i], want, e)
			}
			for k, y := range v {
				if x < y && got[i] > got[k] {
					t.Fatalf("%v of %v, but %v of %v", got[i], x, got[k], y)
				}
			}
		}
	})
}

func TestLogSoftmaxError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float32Range(-20, 20), rapid.Float32Range(-1e4, 1e4))
		v := rapid.SliceOfN(number, 1, 40).Draw(t, "values")
		high, total := v[0], 0.0
		for _, x := range v {
			high = max(high, x)
		}
		for _, x := range v {
			total += math.Exp(float64(x) - float64(high))
		}
		sum, wantSum := LogSumExp(v, make([]float64, len(v))), float64(high)+math.Log(total)
		if e := math.Abs(float64(sum) - wantSum); e > 0.5001*lastPlace(wantSum)+1e-12 {
			t.Fatalf("LogSumExp is %v, not %v", sum, wantSum)
		}
		got := append([]float32(nil), v...)
		LogSoftmax(got, make([]float64, len(v)))
		for i, x := range v {
			want := float64(x) - float64(high) - math.Log(total)
			if e := math.Abs(float64(got[i]) - want); e > 0.5001*lastPlace(want)+1e-12 {
				t.Fatalf("value %d is %v, not %v", i, got[i], want)
			}
		}
	})
}

func TestLogSumExpEdges(t *testing.T) {
	for _, c := range []struct {
		v    []float32
		want float32
	}{
		{nil, -inf},
		{[]float32{5}, 5},
		{[]float32{-inf, -inf}, -inf},
		{[]float32{-inf, 3}, 3},
		{[]float32{inf, 3}, inf},
		{[]float32{1000, 1000}, 1000.6931471805599},
		{[]float32{1, nan}, nan},
	} {
		if got := LogSumExp(c.v, make([]float64, len(c.v))); got != c.want && (got == got || c.want == c.want) {
			t.Errorf("of %v: %v, not %v", c.v, got, c.want)
		}
	}
}

func TestLogSoftmaxEdges(t *testing.T) {
	for _, c := range []struct{ v, want []float32 }{
		{nil, nil},
		{[]float32{5}, []float32{0}},
		{[]float32{-inf, 0}, []float32{-inf, 0}},
		{[]float32{-1000, 0}, []float32{-1000, 0}},
		{[]float32{0, inf}, []float32{nan, nan}},
		{[]float32{1, nan}, []float32{nan, nan}},
	} {
		got := append([]float32(nil), c.v...)
		LogSoftmax(got, make([]float64, len(got)))
		for i, want := range c.want {
			if got[i] != want && (got[i] == got[i] || want == want) {
				t.Errorf("of %v: %v, not %v", c.v, got, c.want)
				break
			}
		}
	}
}

func TestSoftmaxEdges(t *testing.T) {
	for _, c := range []struct{ v, want []float32 }{
		{nil, nil},
		{[]float32{5}, []float32{1}},
		{[]float32{-inf, 0, 0}, []float32{0, 0.5, 0.5}},
		{[]float32{-math.MaxFloat32, math.MaxFloat32}, []float32{0, 1}},
		{[]float32{0, inf}, []float32{nan, nan}},
		{[]float32{-inf}, []float32{nan}},
		{[]float32{1, nan, 2}, []float32{nan, nan, nan}},
		{[]float32{nan, 1, 2}, []float32{nan, nan, nan}},
	} {
		got := append([]float32(nil), c.v...)
		Softmax(got, make([]float64, len(got)+1))
		for i, want := range c.want {
			if got[i] != want && (got[i] == got[i] || want == want) {
				t.Errorf("of %v: %v, not %v", c.v, got, c.want)
				break
			}
		}
	}
}

// The order of the sum, where each number is lost beside the one before it in its lane.
func TestSumInLanes(t *testing.T) {
	v := make([]float64, 17)
	for i := range v {
		v[i] = float64(i + 1)
	}
	if got := Sum(v); got != 17*18/2 {
		t.Errorf("the sum of 1 to 17 is %v", got)
	}
	const big = 1 << 53 // 1 is lost beside it
	for _, c := range []struct {
		at   map[int]float64
		want float64
	}{
		{map[int]float64{0: big, 8: 1, 16: -big}, 0},
		{map[int]float64{1: 1, 0: big, 4: -big}, 1},
		{map[int]float64{2: 1, 0: big, 4: -big}, 1},
		{map[int]float64{4: 1, 0: big, 2: -big}, 0},
		{map[int]float64{3: 1, 1: big, 5: -big}, 1},
		{map[int]float64{3: 1, 1: big, 0: -big}, 0},
	} {
		v := make([]float64, 17)
		for i, x := range c.at {
			v[i] = x
		}
		if got := Sum(v); got != c.want {
			t.Errorf("the sum of %v is %v, not %v", c.at, got, c.want)
		}
	}
}
