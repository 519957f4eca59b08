package activation

import (
	"flag"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

var step = flag.Uint64("step", 4099, "try one float32 in so many; 1: each, some minutes per function")

type reference struct {
	name   string
	f      Func
	want   func(x float64) float64
	rising bool
}

// The references are those of package math, whose errors are some 2**-51.
var references = []reference{
	{"Exp", Func{Kind: Exp}, math.Exp, true},
	{"Log", Func{Kind: Log}, math.Log, true},
	{"Log1p", Func{Kind: Log1p}, math.Log1p, true},
	{"Tanh", Func{Kind: Tanh}, math.Tanh, true},
	{"Sigmoid", Func{Kind: Sigmoid}, wantSigmoid, true},
	{"Erf", Func{Kind: Erf}, math.Erf, true},
	{"Elu", Func{Kind: Elu, Alpha: 1}, wantElu, true},
	{"Silu", Func{Kind: Silu}, func(x float64) float64 { return x * wantSigmoid(x) }, false},
	{"Softplus", Func{Kind: Softplus}, wantSoftplus, true},
	{"Mish", Func{Kind: Mish}, func(x float64) float64 { return x * math.Tanh(wantSoftplus(x)) }, false},
	{"Gelu", Func{Kind: Gelu}, func(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }, false},
	{"Power", Func{Kind: Power, Alpha: 2}, math.Exp2, true},
	{"GeluTanh", Func{Kind: GeluTanh}, wantGeluTanh, false},
}

func wantSigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func wantSoftplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func wantElu(x float64) float64 {
	if x < 0 {
		return math.Expm1(x)
	}
	return x
}

func wantGeluTanh(x float64) float64 {
	return x * wantSigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
}

// The error of each function, and whether one ever falls that must not. Without the flag only
// one float32 in 4099 is tried.
func TestError(t *testing.T) {
	for _, r := range references {
		t.Run(r.name, func(t *testing.T) {
			scans := make([]scan, runtime.GOMAXPROCS(0))
			var all sync.WaitGroup
			var next atomic.Uint64
			span := chunk * *step
			for w := range scans {
				all.Go(func() {
					for {
						first := next.Add(span) - span
						if first >= 1<<32 || !scans[w].chunk(t, r, first, *step) {
							return
						}
					}
				})
			}
			all.Wait()
			worst := 0.0
			for i := range scans {
				worst = max(worst, scans[i].worst)
			}
			if t.Logf("at most %.7f ulp", worst); worst > 0.5001 {
				t.Errorf("%v ulp, more than is said", worst)
			}
		})
	}
}

const chunk = 4096

// scan is what one goroutine finds.
type scan struct {
	worst float64
	x, y  [chunk]float32
}

// chunk tries every step-th float32 from the bits first on. It returns whether all is well.
func (s *scan) chunk(t *testing.T, r reference, first, step uint64) bool {
	count := int(min(chunk, (1<<32-first+step-1)/step))
	for i := range count {
		s.x[i] = math.Float32frombits(uint32(first + uint64(i)*step))
	}
	copy(s.y[:], s.x[:count])
	r.f.Apply(s.y[:count])
	for i, x := range s.x[:count] {
		e, ok := errorAt(s.y[i], r.want(float64(x)))
		if !ok {
			t.Errorf("of %v: %v, not %v", x, s.y[i], r.want(float64(x)))
			return false
		}
		s.worst = max(s.worst, e)
		if i > 0 && r.rising && (x > s.x[i-1] && s.y[i] < s.y[i-1] || x < s.x[i-1] && s.y[i] > s.y[i-1]) {
			t.Errorf("%v of %v, but %v of %v", s.y[i], x, s.y[i-1], s.x[i-1])
			return false
		}
	}
	return true
}

// errorAt returns the error in units of the last place of the float32 that is right. It returns
// false if that is NaN or an infinity, and got is not.
func errorAt(got float32, want float64) (float64, bool) {
	if rounded := float32(want); rounded != rounded || math.IsInf(float64(rounded), 0) {
		return 0, got == rounded || got != got && rounded != rounded
	}
	if got != got {
		return 0, false
	}
	return math.Abs(float64(got)-want) / lastPlace(want), true
}

// lastPlace returns the unit of the last place of a float32 near x.
func lastPlace(x float64) float64 {
	exponent := int(math.Float64bits(x)>>52&0x7ff) - 1023
	return math.Float64frombits(uint64(max(exponent, -126)-23+1023) << 52)
}
