package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
	"pgregory.net/rapid"
)

var infinity = float32(math.Inf(1))

// kinds draw numbers with which different things go wrong. Those of small are sums that are often half
// way between two float32.
var kinds = map[string]func(r *rand.Rand) float32{
	"normal": func(r *rand.Rand) float32 { return float32(r.NormFloat64()) },
	"small":  func(r *rand.Rand) float32 { return float32(r.IntN(8193)-4096) * (1 + float32(r.IntN(2))/(1<<12)) },
	"any":    func(r *rand.Rand) float32 { return math.Float32frombits(r.Uint32()) },
	"tiny":   func(r *rand.Rand) float32 { return float32(math.Ldexp(r.NormFloat64(), -60-r.IntN(90))) },
	"huge":   func(r *rand.Rand) float32 { return float32(math.Ldexp(r.NormFloat64(), 40+r.IntN(90))) },
	"sparse": func(r *rand.Rand) float32 {
		special := []float32{0, 0, float32(math.Copysign(0, -1)), 1, -1, infinity, -infinity, float32(math.NaN()), 1e-45}
		if i := r.IntN(100); i < len(special) {
			return special[i]
		}
		return float32(r.IntN(2)) * r.Float32()
	},
}

func numbers(t *rapid.T, r *rand.Rand, name string, count int) []float32 {
	one := kinds[rapid.SampledFrom([]string{"normal", "small", "any", "tiny", "huge", "sparse"}).Draw(t, name)]
	v := aligned(count + 16)[rapid.IntRange(0, 15).Draw(t, name+" is off a line by"):][:count]
	for i := range v {
		v[i] = one(r)
	}
	return v
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// Each kernel gives the bits of a plain loop over fma, writes no number beyond, and leaves the rows.
func TestKernels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 300))
		in, out := width.Draw(t, "in"), width.Draw(t, "out")
		rows := min(rapid.OneOf(rapid.IntRange(1, 13), rapid.IntRange(1, 200)).Draw(t, "rows"), 1+1_000_000/(in*out))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		weights, x := numbers(t, r, "weights", in*out), numbers(t, r, "rows' numbers", rows*in)
		c := Config{In: in, Out: out, Alpha: 1, Floor: -infinity, Weight: func(k, j int) float32 { return weights[k*out+j] }}
		if rapid.Bool().Draw(t, "with a bias") {
			c.Bias, c.Alpha = numbers(t, r, "bias", out), kinds["normal"](r)
		}
		if rapid.Bool().Draw(t, "relu") {
			c.Floor = 0
		}
		want := plain(c, x)
		before := append([]float32(nil), x...)
		for _, c.Kernel = range kernel.All() {
			m := New(c)
			got, scratch := numbers(t, r, "what was there", len(want)+1), make([]float32, m.Scratch())
			beyond := got[len(want)]
			m.Multiply(got[:len(want)], x, scratch)
			for i := range want {
				if !same(got[i], want[i]) {
					t.Fatalf("%v: row %d, output %d is %v, not %v", c.Kernel, i/out, i%out, got[i], want[i])
				}
			}
			if !same(got[len(want)], beyond) {
				t.Fatalf("%v wrote behind the last output", c.Kernel)
			}
		}
		for i := range x {
			if !same(x[i], before[i]) {
				t.Fatal("the rows have changed")
			}
		}
	})
}

// plain is what the doc comment of the package says.
func plain(c Config, x []float32) (y []float32) {
	for ; len(x) > 0; x = x[c.In:] {
		for j := range c.Out {
			sum, bias := float32(0), float32(0)
			for k := range c.In {
				sum = fma(float64(x[k]), float64(c.Weight(k, j)), float64(sum))
			}
			if c.Bias != nil {
				bias = c.Bias[j]
			}
			sum = fma(float64(c.Alpha), float64(sum), float64(bias))
			if sum < c.Floor {
				sum = c.Floor
			}
			y = append(y, sum)
		}
	}
	return y
}
