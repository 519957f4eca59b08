package post

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var sums = rapid.SliceOfN(rapid.Float32Range(-80, 80), 2, 9)

// near reports whether a float32 lies within some float32 steps of a number.
func near(got float32, want float64, steps float64) bool {
	return math.Abs(float64(got)-want) <= steps*math.Max(math.Abs(want)*0x1p-24, 0x1p-140)
}

func TestSoftmax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := sums.Draw(t, "sums")
		got := append([]float32{}, v...)
		Softmax.Apply(got, make([]float64, len(v)))
		high, total := math.Inf(-1), 0.0
		for _, x := range v {
			high = math.Max(high, float64(x))
		}
		for _, x := range v {
			total += math.Exp(float64(x) - high)
		}
		for i, x := range v {
			// The difference to the highest is rounded before the exponential sees it.
			want, rounded := math.Exp(float64(x)-high)/total, math.Abs(float64(x)-high)
			if !near(got[i], want, 16+rounded) {
				t.Fatalf("%v of %v is %v, not %v", x, v, got[i], want)
			}
		}
	})
}

func TestLogistic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := sums.Draw(t, "sums")
		got := append([]float32{}, v...)
		Logistic.Apply(got, make([]float64, len(v)))
		for i, x := range v {
			// For sums below 0 it is 1 minus the other side, as in onnxruntime.
			if want := 1 / (1 + math.Exp(-float64(x))); math.Abs(float64(got[i])-want) > 0x1p-22 {
				t.Fatalf("%v becomes %v, not %v", x, got[i], want)
			}
		}
	})
}

// Sums of about zero stay about zero, and have no part in the total.
func TestSoftmaxZero(t *testing.T) {
	v := []float32{1, 0, 1, 1e-8}
	SoftmaxZero.Apply(v, make([]float64, 4))
	if v[0] != 0.5 || v[2] != 0.5 || v[1] != 0 || !(v[3] > 0 && v[3] < 1e-8) {
		t.Errorf("%v", v)
	}
}

// The approximation of the inverse of the normal distribution lies within 1.3 percent of it, and 0.0007: near 0.5 its
// float32 steps lose digits.
func TestProbit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float32Range(0.001, 0.999).Draw(t, "p")
		got := []float32{p}
		Probit.Apply(got, make([]float64, 1))
		want := math.Sqrt2 * math.Erfinv(2*float64(p)-1)
		if math.Abs(float64(got[0])-want) > 0.013*math.Abs(want)+7e-4 {
			t.Fatalf("%v becomes %v, not %v", p, got[0], want)
		}
	})
}

func TestNone(t *testing.T) {
	v := []float32{1, float32(math.Inf(1)), -2}
	None.Apply(v, nil)
	if v[0] != 1 || v[2] != -2 {
		t.Errorf("%v", v)
	}
}

// What has no probability is NaN or infinite, and nothing hangs or panics.
func TestExtremes(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, f := range []Transform{Softmax, SoftmaxZero} {
		v := []float32{nan, 1}
		if f.Apply(v, make([]float64, 2)); v[0] == v[0] {
			t.Errorf("transform %d of NaN: %v", f, v)
		}
	}
	v := []float32{inf, -inf, nan}
	Logistic.Apply(v, nil)
	if v[0] != 1 || v[1] != 0 || v[2] == v[2] {
		t.Errorf("logistic: %v", v)
	}
	v = []float32{0, 1, 2}
	Probit.Apply(v, nil)
	if !math.IsInf(float64(v[0]), -1) && v[0] == v[0] || v[2] == v[2] {
		t.Errorf("probit: %v", v)
	}
}
