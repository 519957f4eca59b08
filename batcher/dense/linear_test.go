package dense

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

var nan = float32(math.NaN())

func score(t *testing.T, c Config, rows ...float32) []float32 {
	t.Helper()
	m, err := NewLinear(c)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(rows)/c.Dim*m.Shape().Outputs)
	if err := m.NewScorer().Score(rows, c.Dim, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOrder(t *testing.T) {
	// 1 is lost beside 1e8, and so is 1 beside the product that follows: the order shows.
	c := Config{Dim: 3, Sums: 1, Weights: []float32{1e8, 1, -1e8}, Start: []float32{1}, Output: wire.Raw}
	if got := score(t, c, 1, 1, 1); got[0] != 0 {
		t.Errorf("%v: the products are not added in the order of the features", got)
	}
	// The square of 1+2^-12 is no float32: a fused operation would keep its last bit.
	x := float32(1 + 1.0/4096)
	c = Config{Dim: 1, Sums: 1, Weights: []float32{x}, Start: []float32{-1}, Output: wire.Raw}
	square := x * x
	if got := score(t, c, x); got[0] != square-1 {
		t.Errorf("%v: the product is not rounded to %v before it is added", got, square)
	}
}

func TestMissing(t *testing.T) {
	inf := float32(math.Inf(1))
	c := Config{Dim: 2, Sums: 2, Weights: []float32{1, 10, inf, 0}, Start: []float32{0.5, float32(math.Copysign(0, -1))}, Output: wire.Raw}
	got := score(t, c, 2, nan, nan, nan)
	if !slices.Equal(got, []float32{2.5, 20, 0.5, 0}) || !math.Signbit(float64(got[3])) {
		t.Errorf("%v: a feature that is NaN is not left out", got)
	}
}

func TestOutputs(t *testing.T) {
	c := Config{Dim: 1, Sums: 3, Weights: []float32{1, 2, 2}, Start: make([]float32, 3)}
	for _, o := range []struct {
		output wire.Kind
		link   link.Func
		want   []float32
	}{
		{wire.Raw, link.Softmax32, []float32{1, 2, 2}},
		{wire.Prob, link.Identity, []float32{1, 2, 2}},
		{wire.Prob, link.Argmax, []float32{1}},
		{wire.Class, link.Softmax32, []float32{1}},
	} {
		c.Output, c.Transform.Func = o.output, o.link
		if got := score(t, c, 1); !slices.Equal(got, o.want) {
			t.Errorf("%v of %v: %v, not %v", o.output, o.link, got, o.want)
		}
	}
	c = Config{Dim: 1, Sums: 1, Weights: []float32{1}, Start: []float32{0}, Output: wire.Class, Transform: link.Transform{Func: link.Sigmoid32}}
	if got := score(t, c, -1, 0, 1); !slices.Equal(got, []float32{0, 0, 1}) {
		t.Errorf("classes of two: %v", got)
	}
}

func TestRefused(t *testing.T) {
	good := Config{Dim: 2, Sums: 1, Weights: make([]float32, 2), Start: make([]float32, 1), Output: wire.Raw}
	for want, change := range map[string]func(*Config){
		"0 features":                 func(c *Config) { c.Dim, c.Weights = 0, nil },
		"0 sums":                     func(c *Config) { c.Sums, c.Weights, c.Start = 0, nil, nil },
		"dim 65536":                  func(c *Config) { c.Dim, c.Weights = 65536, make([]float32, 65536) },
		"65536 outputs":              func(c *Config) { c.Sums = 65536 },
		"3 weights and 1 starts":     func(c *Config) { c.Weights = make([]float32, 3) },
		"2 weights and 2 starts":     func(c *Config) { c.Start = make([]float32, 2) },
		"must be raw, prob or class": func(c *Config) { c.Output = wire.Unstated },
	} {
		c := good
		change(&c)
		if _, err := NewLinear(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestNothingAllocated(t *testing.T) {
	m, err := NewLinear(Config{Dim: 2, Sums: 3, Weights: make([]float32, 6), Start: make([]float32, 3), Output: wire.Prob, Transform: link.Transform{Func: link.Softmax32}})
	if err != nil {
		t.Fatal(err)
	}
	s, rows, out := m.NewScorer(), make([]float32, 8), make([]float32, 12)
	if n := testing.AllocsPerRun(100, func() { _ = s.Score(rows, 2, out) }); n != 0 {
		t.Errorf("%v allocations per call", n)
	}
}

var _ batcher.StridedScorer = (*scorer)(nil)
