package pipeline

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// weave is a stage whose numbers are of those of its values, times a factor, and depend on their order.
type weave struct {
	from  []int
	width int
	fails bool
}

func (w weave) From() []int    { return w.from }
func (w weave) Width() int     { return w.width }
func (w weave) Bytes() int     { return w.width }
func (w weave) String() string { return "weave" }

func (w weave) row(from [][]float32) []float32 {
	out := make([]float32, w.width)
	for i := range out {
		out[i] = float32(i + 1)
		for k, v := range from {
			if len(v) > 0 {
				out[i] += float32(k+1) * v[i%len(v)]
			}
		}
	}
	return out
}

func (w weave) NewRunner() Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		if w.fails {
			return errors.New("it fails")
		}
		for r := range rows {
			var row [][]float32
			for _, v := range from {
				width := len(v) / (len(dst) / max(w.width, 1)) // blocks have the same number of rows
				row = append(row, v[r*width:(r+1)*width])
			}
			copy(dst[r*w.width:], w.row(row))
		}
		return nil
	}
}

// TestModel wants of any stages, outputs, strides and calls what a row gives by itself.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{Dim: rapid.IntRange(1, 4).Draw(t, "dim"), Kind: wire.Raw}
		bytes := 0
		for i := range rapid.IntRange(0, 5).Draw(t, "stages") {
			from := rapid.SliceOfN(rapid.IntRange(0, i), 0, 3).Draw(t, "from")
			s := weave{from, rapid.IntRange(1, 3).Draw(t, "width"), false}
			c.Stages, bytes = append(c.Stages, s), bytes+s.width
		}
		c.Outputs = rapid.SliceOfN(rapid.IntRange(0, len(c.Stages)), 1, 3).Draw(t, "outputs")
		m, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if m.Bytes() != bytes {
			t.Fatalf("%d bytes, not %d", m.Bytes(), bytes)
		}
		stride := c.Dim + rapid.IntRange(0, 2).Draw(t, "more")
		count := rapid.SampledFrom([]int{1, 2, 41, blockRows - 1, blockRows, blockRows + 1, 2*blockRows + 1}).Draw(t, "rows")
		rows := make([]float32, (count-1)*stride+c.Dim)
		for i := range rows {
			rows[i] = float32(i%97) - 40
		}
		out := make([]float32, count*m.Shape().Outputs)
		if err := m.NewScorer().(batcher.StridedScorer).ScoreStrided(rows, c.Dim, stride, out); err != nil {
			t.Fatal(err)
		}
		var want []float32
		for r := range count {
			values := [][]float32{rows[r*stride : r*stride+c.Dim]}
			for _, s := range c.Stages {
				var from [][]float32
				for _, v := range s.From() {
					from = append(from, values[v])
				}
				values = append(values, s.(weave).row(from))
			}
			for _, v := range c.Outputs {
				want = append(want, values[v]...)
			}
		}
		if !slices.Equal(out, want) {
			t.Fatalf("%d rows: %v, not %v", count, out, want)
		}
	})
}

// Rows whose values are wide are scored in smaller blocks.
func TestWide(t *testing.T) {
	m, err := New(Config{Dim: 1, Stages: []Stage{weave{[]int{0}, 300000, false}, weave{[]int{1}, 1, false}}, Outputs: []int{2}, Kind: wire.Raw})
	if err != nil {
		t.Fatal(err)
	}
	rows, out := make([]float32, 30), make([]float32, 30)
	for i := range rows {
		rows[i] = float32(i)
	}
	if err := m.NewScorer().Score(rows, 1, out); err != nil {
		t.Fatal(err)
	}
	for i, x := range out {
		if want := float32(i) + 2; x != want {
			t.Errorf("row %d: %v, not %v", i, x, want)
		}
	}
}

// Every NaN of an answer has the same bits.
func TestNaN(t *testing.T) {
	m, err := New(Config{Dim: 2, Outputs: []int{0}, Kind: wire.Raw})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 2)
	if err := m.NewScorer().Score([]float32{math.Float32frombits(0xffc00123), 1}, 2, out); err != nil {
		t.Fatal(err)
	}
	if bits := math.Float32bits(out[0]); bits != 0x7fc00000 || out[1] != 1 {
		t.Errorf("%x and %v", bits, out[1])
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"too wide": {Dim: 1, Stages: []Stage{weave{width: 1 << 20}, weave{width: 1 << 20}}, Outputs: []int{0}, Kind: wire.Raw},
		"0 scores": {Dim: 1, Stages: []Stage{weave{}}, Outputs: []int{1}, Kind: wire.Raw},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	m, err := New(Config{Dim: 2, Stages: []Stage{weave{width: 1, fails: true}}, Outputs: []int{1}, Kind: wire.Raw})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.NewScorer().Score(make([]float32, 3), 3, make([]float32, 1)); err == nil || !strings.Contains(err.Error(), "3 features: the model has 2") {
		t.Errorf("rows of 3: %v", err)
	}
	if err := m.NewScorer().Score(make([]float32, 2), 2, make([]float32, 1)); err == nil || err.Error() != "it fails" {
		t.Errorf("a stage that fails: %v", err)
	}
}

// Rows for the measurement are drawn by the model that knows them, or at random.
func TestSample(t *testing.T) {
	m, err := New(Config{Dim: 3, Outputs: []int{0}, Kind: wire.Raw})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]float32, 30)
	m.Sample(rows, 3, rand.New(rand.NewPCG(1, 2)))
	if slices.Contains(rows, 0) || slices.ContainsFunc(rows, func(x float32) bool { return x != x }) {
		t.Errorf("%v", rows)
	}
}
