package activation

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"strings"
	"testing"
)

var inf, nan = float32(math.Inf(1)), float32(math.NaN())

// A hash of the answers for every 4099th float32, the same on every system.
func TestSameEverywhere(t *testing.T) {
	want := map[string]uint64{
		"Exp":      0x24e1a2e6b8c9ceec,
		"Log":      0x3851ebb7d604cc57,
		"Log1p":    0x3774e19a4f998ad8,
		"Tanh":     0xa858154bdea8326c,
		"Sigmoid":  0xd3fde7e6605ba445,
		"Erf":      0xbbf7b5c6613091e0,
		"Elu":      0x2e1af79afe54ee34,
		"Silu":     0xefd1e80d0b73fbeb,
		"Softplus": 0x9666bd35decb446a,
		"Mish":     0x3056418e561edd03,
		"Gelu":     0xbed860489ce7e95c,
		"Power":    0x1965458ec5f4f3b6,
		"GeluTanh": 0xc629d6adc66e6fa7,
	}
	for _, r := range references {
		h := fnv.New64a()
		for u := uint64(0); u < 1<<32; u += 4099 {
			x := math.Float32frombits(uint32(u))
			if x != x {
				continue // one NaN has other bits than another
			}
			y := value(r.f, x)
			if y != y {
				y = 0
			}
			var b [4]byte
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(y))
			h.Write(b[:])
		}
		if got := h.Sum64(); got != want[r.name] {
			t.Errorf("%s: the hash of its answers is %#x, and was %#x", r.name, got, want[r.name])
		}
	}
}

func TestEdges(t *testing.T) {
	negative := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		f       Func
		x, want float32
	}{
		{Func{}, -2, -2},
		{Func{Kind: Relu}, -2, 0}, {Func{Kind: Relu}, 3, 3}, {Func{Kind: Relu}, inf, inf}, {Func{Kind: Relu}, -inf, 0}, {Func{Kind: Relu}, negative, negative},
		{Func{Kind: Clip, High: 6}, negative, negative}, {Func{Kind: Clip, Low: -1, High: negative}, 0, 0},
		{Func{Kind: LeakyRelu, Alpha: 0.5}, -2, -1}, {Func{Kind: LeakyRelu, Alpha: 0.5}, 2, 2},
		{Func{Kind: LeakyRelu, Alpha: 0.5}, -inf, -inf},
		{Func{Kind: Elu, Alpha: 3}, -inf, -3}, {Func{Kind: Elu, Alpha: 3}, 2, 2}, {Func{Kind: Elu, Alpha: 3}, inf, inf},
		{Func{Kind: Clip, Low: -1, High: 6}, -2, -1}, {Func{Kind: Clip, Low: -1, High: 6}, 7, 6}, {Func{Kind: Clip, Low: -1, High: 6}, 2, 2},
		{Func{Kind: Clip, Low: 2, High: 1}, 1.5, 1}, // the upper limit is the last
		{Func{Kind: Log}, 1, 0}, {Func{Kind: Log}, 0, -inf}, {Func{Kind: Log}, inf, inf},
		{Func{Kind: Power, Alpha: 2}, -3, 0.125}, {Func{Kind: Power, Alpha: 2}, inf, inf}, {Func{Kind: Power, Alpha: 2}, -inf, 0},
		{Func{Kind: Power, Alpha: 10}, 2, 100}, {Func{Kind: Power, Alpha: 0.5}, inf, 0}, {Func{Kind: Power, Alpha: 1}, inf, 1},
		{Func{Kind: Softplus}, -inf, 0}, {Func{Kind: Softplus}, inf, inf}, {Func{Kind: Softplus}, 0, math.Ln2},
		{Func{Kind: Mish}, -math.MaxFloat32, negative}, {Func{Kind: Mish}, inf, inf}, {Func{Kind: Mish}, 0, 0},
		{Func{Kind: Exp}, 0, 1}, {Func{Kind: Exp}, inf, inf}, {Func{Kind: Exp}, -inf, 0},
		{Func{Kind: Exp}, 88.72283, 3.40279852e38}, {Func{Kind: Exp}, 88.72284, inf},
		{Func{Kind: Exp}, -103.97, math.SmallestNonzeroFloat32}, {Func{Kind: Exp}, -103.98, 0},
		{Func{Kind: Log1p}, -1, -inf}, {Func{Kind: Log1p}, inf, inf}, {Func{Kind: Log1p}, negative, negative},
		{Func{Kind: Tanh}, inf, 1}, {Func{Kind: Tanh}, -inf, -1}, {Func{Kind: Tanh}, negative, negative},
		{Func{Kind: Sigmoid}, 0, 0.5}, {Func{Kind: Sigmoid}, inf, 1}, {Func{Kind: Sigmoid}, -inf, 0},
		{Func{Kind: Erf}, inf, 1}, {Func{Kind: Erf}, -inf, -1}, {Func{Kind: Erf}, negative, negative},
		{Func{Kind: Silu}, inf, inf}, {Func{Kind: Silu}, -math.MaxFloat32, negative},
		{Func{Kind: Gelu}, inf, inf}, {Func{Kind: Gelu}, -math.MaxFloat32, negative},
		{Func{Kind: GeluTanh}, inf, inf}, {Func{Kind: GeluTanh}, -math.MaxFloat32, negative},
	} {
		if got := value(c.f, c.x); math.Float32bits(got) != math.Float32bits(c.want) {
			t.Errorf("%+v of %v is %v, not %v", c.f, c.x, got, c.want)
		}
	}
}

func TestNaN(t *testing.T) {
	for kind := range kinds {
		if got := value(Func{Kind: kind, Alpha: 1, High: 1}, nan); got == got {
			t.Errorf("function %d of NaN is %v", kind, got)
		}
	}
	for _, kind := range []Kind{Silu, Mish, Gelu, GeluTanh} {
		if got := value(Func{Kind: kind}, -inf); got == got {
			t.Errorf("%v of -inf is %v", kind, got)
		}
	}
	for _, x := range []float32{-1.0000001, -2, -inf} {
		if got := value(Func{Kind: Log1p}, x); got == got {
			t.Errorf("log1p(%v) is %v", x, got)
		}
		if got := value(Func{Kind: Log}, x); got == got {
			t.Errorf("log(%v) is %v", x, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, r := range references {
		if got := r.f.Kind.String(); got != r.name {
			t.Errorf("%s, not %s", got, r.name)
		}
	}
	if got := kinds.String(); got != "Kind(17)" || GeluTanh.String() != "GeluTanh" {
		t.Error(got, GeluTanh)
	}
}

func TestValidate(t *testing.T) {
	for _, f := range []Func{{}, {Kind: Elu, Alpha: -1}, {Kind: Clip, Low: -inf, High: inf}, {Kind: GeluTanh, Alpha: nan}} {
		if err := f.Validate(); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
	for want, f := range map[string]Func{
		"no function 17":      {Kind: kinds},
		"alpha is NaN":        {Kind: Elu, Alpha: nan},
		"alpha is -Inf":       {Kind: LeakyRelu, Alpha: -inf},
		"above 0":             {Kind: Power},
		"a power is NaN":      {Kind: Power, Alpha: nan},
		"limits NaN and 0":    {Kind: Clip, Low: nan},
		"limits 0 and NaN of": {Kind: Clip, High: nan},
	} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, not %q", f, err, want)
		}
	}
}

func value(f Func, x float32) float32 {
	v := [1]float32{x}
	f.Apply(v[:])
	return v[0]
}
