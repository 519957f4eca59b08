package dense

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

func run(t *testing.T, dim int, output wire.Kind, rows []float32, layers ...Layer) []float32 {
	t.Helper()
	m, err := New(dim, output, layers...)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(rows)/dim*m.Shape().Outputs)
	if err := m.NewScorer().Score(rows, dim, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A network by hand: two layers, the second with weights as PyTorch writes them.
func TestTwoLayers(t *testing.T) {
	got := run(t, 2, wire.Raw, []float32{1, 2, -1, 1},
		Affine{Out: 3, Weights: []float32{1, 0, -1, 2, 1, 1}, Bias: []float32{0, -10, 0}, Activation: activation.Func{Kind: activation.Relu}},
		Affine{Out: 2, Weights: []float32{1, 2, 3, -1, -2, -3}, Transposed: true, Bias: []float32{0.5}},
	)
	// The first layer gives 5, 0, 1 and 1, 0, 2.
	if want := []float32{8.5, -7.5, 7.5, -6.5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestOutputsOfNetwork(t *testing.T) {
	nothing := Activation{}
	rows := []float32{1, 3, 3, 0, -1, -2}
	for _, c := range []struct {
		dim    int
		output wire.Kind
		want   []float32
	}{
		{3, wire.Raw, rows}, {3, wire.Prob, rows}, {3, wire.Class, []float32{1, 0}}, {1, wire.Class, []float32{1, 1, 1, 0, 0, 0}},
	} {
		if got := run(t, c.dim, c.output, rows, nothing); !slices.Equal(got, c.want) {
			t.Errorf("%v of %d values: %v, not %v", c.output, c.dim, got, c.want)
		}
	}
}

// Every NaN that a network answers has the same bits, whatever NaN it was.
func TestOneNaN(t *testing.T) {
	inf := float32(math.Inf(1))
	rows := []float32{math.Float32frombits(0xffc12345), math.Float32frombits(0x7f800001), inf, -inf}
	got := run(t, 1, wire.Raw, rows, Arithmetic{Op: Multiply, Operand: []float32{0}})
	for i, x := range got {
		if math.Float32bits(x) != 0x7fc00000 {
			t.Errorf("%v times 0 has the bits %08x", rows[i], math.Float32bits(x))
		}
	}
}

func TestNetworkRefused(t *testing.T) {
	good := Activation{}
	for want, c := range map[string]struct {
		dim    int
		output wire.Kind
		layers []Layer
	}{
		"no layer":                   {3, wire.Raw, nil},
		"a layer is nil (layer 1":    {3, wire.Raw, []Layer{good, nil}},
		"must be raw, prob or class": {3, wire.Unstated, []Layer{good}},
		"0 inputs: 1 to":             {0, wire.Raw, []Layer{good}},
		"dim 65536":                  {65536, wire.Class, []Layer{good}},
		"65536 outputs":              {1, wire.Raw, []Layer{Affine{Out: 65536, Weights: make([]float32, 65536)}}},
		"of 2 inputs: 5 weights for 3 outputs, and must be 6 (layer 1": {1, wire.Raw, []Layer{
			Affine{Out: 2, Weights: make([]float32, 2)}, Affine{Out: 3, Weights: make([]float32, 5)}}},
	} {
		if _, err := New(c.dim, c.output, c.layers...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestNetworkAllocatesNothing(t *testing.T) {
	m, err := New(5, wire.Class,
		Affine{Out: 11, Weights: make([]float32, 55), Activation: activation.Func{Kind: activation.Gelu}, Kernel: kernel.Portable},
		LayerNorm{Epsilon: 1}, Scaler{Offset: []float32{1}}, Softmax{})
	if err != nil {
		t.Fatal(err)
	}
	s, rows, out := m.NewScorer(), make([]float32, 100*5), make([]float32, 100)
	if n := testing.AllocsPerRun(10, func() { _ = s.Score(rows, 5, out) }); n != 0 {
		t.Errorf("%v allocations per call", n)
	}
	// Portable has the weights of 12 outputs.
	if want := 4*12*(5+1) + 8*11 + 4*11; m.Bytes() != want {
		t.Errorf("%d bytes, not %d", m.Bytes(), want)
	}
}

var (
	_ batcher.StridedScorer = (*networkScorer)(nil)
	_ batcher.Sized         = (*Network)(nil)
	_ batcher.Explained     = (*Network)(nil)
)

// A hash of the scores of a network with every kind of layer, the same on every system and with each kernel.
func TestSameEverywhere(t *testing.T) {
	for _, k := range kernel.All() {
		if sum, want := hashOfScores(t, k), uint64(0x6d487784fa026791); sum != want {
			t.Errorf("%v: the hash of the scores is %#x, and was %#x", k, sum, want)
		}
	}
}

func hashOfScores(t *testing.T, k kernel.Kind) uint64 {
	r := rand.New(rand.NewPCG(1, 2))
	v := func(count int) []float32 {
		v := make([]float32, count)
		for i := range v {
			v[i] = r.Float32()*2 - 1
		}
		return v
	}
	ones := slices.Repeat([]float32{1}, 37)
	got := run(t, 20, wire.Prob, v(200*20),
		Scaler{Offset: v(20), Scale: v(20), Divide: true},
		Affine{Out: 37, Weights: v(20 * 37), Bias: v(37), Activation: activation.Func{Kind: activation.Gelu}, Kernel: k},
		LayerNorm{Scale: v(37), Bias: v(37), Epsilon: 1e-5},
		BatchNorm{Scale: v(37), Bias: v(37), Mean: v(37), Variance: ones, Epsilon: 1e-5},
		Affine{Out: 9, Weights: v(37 * 9), Transposed: true, Alpha: 0.3, Beta: 0.7, Bias: v(9), Kernel: k},
		Softmax{}, Arithmetic{Op: Multiply, Operand: v(9)},
	)
	h := fnv.New64a()
	for _, x := range got {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(x))
		h.Write(b[:])
	}
	return h.Sum64()
}

// Each kernel that this processor runs can be asked for, and is named. One that it does not run is refused.
func TestKernelOfNetwork(t *testing.T) {
	for k := kernel.Auto; k <= kernel.AVX512; k++ {
		m, err := New(1, wire.Raw, Activation{}, Affine{Out: 1, Weights: []float32{2}, Kernel: k}, Affine{Out: 1, Weights: []float32{2}, Kernel: k})
		taken, refused := k.Resolve()
		switch {
		case (err == nil) != (refused == nil) || !errors.Is(err, refused):
			t.Errorf("%v: %v, and must be %v", k, err, refused)
		case err == nil && m.Kernel() != taken.String():
			t.Errorf("%v: the kernel is called %q, not %v", k, m.Kernel(), taken)
		}
	}
}
