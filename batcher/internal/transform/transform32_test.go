package transform

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"
)

// A hash of the answers of the C library (glibc 2.36) for every 4099th float32 of the range.
// XGBoost's sigmoid is compiled from its source.
func TestBitsOfTheCLibrary(t *testing.T) {
	for _, c := range []struct {
		name     string
		f        func(float32) float32
		from, to uint32
		want     uint64
	}{
		{"Exp32", Exp32, 0, 0x42d00000, 0x539255b15e5c7cae},
		{"Exp32, negative", Exp32, 0x80000000, 0xc2d80000, 0x4437e08358edbe1e},
		{"Log32", Log32, 0, 0x7f800000, 0xad2e1aaa7912a74a},
		{"Sigmoid32", Sigmoid32, 0, 0x42d00000, 0x73bac12293fc254b},
		{"Sigmoid32, negative", Sigmoid32, 0x80000000, 0xc2d80000, 0xd73d4d41e410cdb6},
	} {
		h := fnv.New64a()
		for u := c.from; u < c.to; u += 4099 {
			var b [4]byte
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(c.f(math.Float32frombits(u))))
			h.Write(b[:])
		}
		if got := h.Sum64(); got != c.want {
			t.Errorf("%s: the hash of its answers is %#x, that of the C library's %#x", c.name, got, c.want)
		}
	}
}

// The logarithm of these base scores as odds is not the correctly rounded one.
func TestMarginOfHardBaseScores(t *testing.T) {
	for _, c := range []struct{ p, margin uint32 }{
		{0x3f004d00, 0x3b9a0080},
		{0x3f0057d4, 0x3bafa851},
		{0x3f006040, 0x3bc08079},
	} {
		p := math.Float32frombits(c.p)
		if got := math.Float32bits(Margin32(p)); got != c.margin {
			t.Errorf("Margin32(%v) has the bits %08x, XGBoost's has %08x", p, got, c.margin)
		}
		if rounded := -float32(math.Log(float64(1/p - 1))); math.Float32bits(rounded) == c.margin {
			t.Errorf("%v is no hard case", p)
		}
	}
}

func TestEdges(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		name      string
		got, want float32
	}{
		{"Exp32(0)", Exp32(0), 1},
		{"Exp32(inf)", Exp32(inf), inf},
		{"Exp32(-inf)", Exp32(-inf), 0},
		{"Exp32(88.722839)", Exp32(88.722839), 3.4027980e38},
		{"Exp32(88.72284)", Exp32(88.72284), inf},
		{"Exp32(-103.97)", Exp32(-103.97), math.SmallestNonzeroFloat32},
		{"Exp32(-103.98)", Exp32(-103.98), 0},
		{"Log32(1)", Log32(1), 0},
		{"Log32(0)", Log32(0), -inf},
		{"Log32(inf)", Log32(inf), inf},
		{"Sigmoid32(0)", Sigmoid32(0), 0.5},
		{"Sigmoid32(inf)", Sigmoid32(inf), 1},
		{"Sigmoid32(-inf)", Sigmoid32(-inf), Sigmoid32(-88.7)},
		{"Hinge32(0)", Hinge32(0), 0},
		{"Hinge32(1e-45)", Hinge32(1e-45), 1},
		{"Hinge32(-1)", Hinge32(-1), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, not %v", c.name, c.got, c.want)
		}
	}
	for name, x := range map[string]float32{
		"Exp32(NaN)": Exp32(nan), "Log32(NaN)": Log32(nan), "Log32(-1)": Log32(-1), "Log32(-inf)": Log32(-inf), "Sigmoid32(NaN)": Sigmoid32(nan),
	} {
		if x == x {
			t.Errorf("%s is %v, not NaN", name, x)
		}
	}
}

func TestSoftmax(t *testing.T) {
	for _, scores := range [][]float32{{3}, {1, 2, 3}, {-1e30, 0, 1e30}, {88, -104, 88}, {5, 5, 5, 5}} {
		p := append([]float32(nil), scores...)
		Softmax32(p)
		sum := float64(0)
		for i, x := range p {
			sum += float64(x)
			for j, y := range p {
				if scores[i] < scores[j] && x > y {
					t.Errorf("Softmax32(%v) is %v: not in the order of the scores", scores, p)
				}
			}
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("Softmax32(%v) is %v: the sum is %v", scores, p, sum)
		}
	}
}
