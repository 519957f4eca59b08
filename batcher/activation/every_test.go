package activation

import (
	"flag"
	"math"
	"runtime"
	"sync"
	"testing"
)

var every = flag.Bool("every", false, "try every float32: some minutes for each function")

// The references are those of package math, whose errors are some 2**-51.
var references = []struct {
	name   string
	f      Func
	want   func(x float64) float64
	rising bool
}{
	{"Exp", Func{Kind: Exp}, math.Exp, true},
	{"Log1p", Func{Kind: Log1p}, math.Log1p, true},
	{"Tanh", Func{Kind: Tanh}, math.Tanh, true},
	{"Sigmoid", Func{Kind: Sigmoid}, wantSigmoid, true},
	{"Erf", Func{Kind: Erf}, math.Erf, true},
	{"Elu", Func{Kind: Elu, Alpha: 1}, wantElu, true},
	{"Silu", Func{Kind: Silu}, func(x float64) float64 { return x * wantSigmoid(x) }, false},
	{"Gelu", Func{Kind: Gelu}, func(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }, false},
	{"GeluTanh", Func{Kind: GeluTanh}, wantGeluTanh, false},
}

func wantSigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func wantElu(x float64) float64 {
	if x < 0 {
		return math.Expm1(x)
	}
	return x
}

func wantGeluTanh(x float64) float64 {
	return x * wantSigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
}

// The error of each function, and whether it ever falls where it must not. Only one float32 in
// 4099 is tried without the flag.
func TestError(t *testing.T) {
	step := uint64(4099)
	if *every {
		step = 1
	}
	for _, r := range references {
		t.Run(r.name, func(t *testing.T) {
			workers := uint64(runtime.GOMAXPROCS(0))
			worst := make([]float64, workers)
			var all sync.WaitGroup
			for w := range workers {
				all.Go(func() {
					for u := w * step; u < 1<<32 && !t.Failed(); u += workers * step {
						x := math.Float32frombits(uint32(u))
						worst[w] = max(worst[w], errorAt(t, r.f, r.want, x))
						if r.rising {
							checkRising(t, r.f, x)
						}
					}
				})
			}
			all.Wait()
			high := 0.0
			for _, e := range worst {
				high = max(high, e)
			}
			if t.Logf("at most %.7f ulp", high); high > 0.5001 {
				t.Errorf("%v ulp, more than is said", high)
			}
		})
	}
}

func value(f Func, x float32) float32 {
	v := [1]float32{x}
	f.Apply(v[:])
	return v[0]
}

// errorAt returns the error in units of the last place of the float32 that is right. An answer
// that is no number must be the right one.
func errorAt(t *testing.T, f Func, reference func(float64) float64, x float32) float64 {
	got, want := value(f, x), reference(float64(x))
	if x == float32(math.Inf(-1)) && want != want { // -inf * 0
		want = 0
	}
	if rounded := float32(want); rounded != rounded || math.IsInf(float64(rounded), 0) {
		if got != rounded && (got == got || rounded == rounded) {
			t.Errorf("of %v: %v, not %v", x, got, rounded)
		}
		return 0
	}
	_, exponent := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(exponent, -125)-24)
}

func checkRising(t *testing.T, f Func, x float32) {
	next := math.Nextafter32(x, float32(math.Inf(1)))
	if y, z := value(f, x), value(f, next); y > z {
		t.Errorf("%v of %v, but %v of %v", y, x, z, next)
	}
}
