package link

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
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
		{"exp32", exp32, 0, 0x42d00000, 0x539255b15e5c7cae},
		{"exp32, negative", exp32, 0x80000000, 0xc2d80000, 0x4437e08358edbe1e},
		{"Log32", Log32, 0, 0x7f800000, 0xad2e1aaa7912a74a},
		{"sigmoid32", sigmoid32, 0, 0x42d00000, 0x73bac12293fc254b},
		{"sigmoid32, negative", sigmoid32, 0x80000000, 0xc2d80000, 0xd73d4d41e410cdb6},
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
func TestLogitOfHardBaseScores(t *testing.T) {
	for _, c := range []struct{ p, margin uint32 }{
		{0x3f004d00, 0x3b9a0080},
		{0x3f0057d4, 0x3bafa851},
		{0x3f006040, 0x3bc08079},
	} {
		p := math.Float32frombits(c.p)
		if got := math.Float32bits(Logit32(p)); got != c.margin {
			t.Errorf("Logit32(%v) has the bits %08x, XGBoost's has %08x", p, got, c.margin)
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
		{"exp32(0)", exp32(0), 1},
		{"exp32(inf)", exp32(inf), inf},
		{"exp32(-inf)", exp32(-inf), 0},
		{"exp32(88.72283)", exp32(88.72283), 3.40279852e38},
		{"exp32(88.72284)", exp32(88.72284), inf},
		{"exp32(-103.97)", exp32(-103.97), math.SmallestNonzeroFloat32},
		{"exp32(-103.98)", exp32(-103.98), 0},
		{"Log32(1)", Log32(1), 0},
		{"Log32(0)", Log32(0), -inf},
		{"Log32(inf)", Log32(inf), inf},
		{"sigmoid32(0)", sigmoid32(0), 0.5},
		{"sigmoid32(inf)", sigmoid32(inf), 1},
		{"sigmoid32(-inf)", sigmoid32(-inf), sigmoid32(-88.7)},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, not %v", c.name, c.got, c.want)
		}
	}
	for name, x := range map[string]float32{
		"exp32(NaN)": exp32(nan), "Log32(NaN)": Log32(nan), "Log32(-1)": Log32(-1), "Log32(-inf)": Log32(-inf), "sigmoid32(NaN)": sigmoid32(nan),
	} {
		if x == x {
			t.Errorf("%s is %v, not NaN", name, x)
		}
	}
}

func TestSoftmax(t *testing.T) {
	for _, scores := range [][]float64{{3}, {1, 2, 3}, {-1e30, 0, 1e30}, {88, -104, 88}, {5, 5, 5, 5}} {
		p := slices.Clone(scores)
		softmax32(p)
		sum := 0.0
		for i, x := range p {
			sum += x
			for j, y := range p {
				if scores[i] < scores[j] && x > y {
					t.Errorf("softmax32(%v) is %v: not in the order of the scores", scores, p)
				}
			}
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("softmax32(%v) is %v: the sum is %v", scores, p, sum)
		}
	}
}
