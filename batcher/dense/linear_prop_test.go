package dense

import (
	"math"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// The scores of a row are the same bits alone, among others and with data between the rows, and
// are those of a sum written down feature by feature.
func TestRowsDoNotDependOnEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1, -1, 1e38, nan, float32(math.Inf(1)), float32(math.Copysign(0, -1))}))
		floats := func(n int, name string) []float32 { return rapid.SliceOfN(number, n, n).Draw(t, name) }
		dim, sums, count := rapid.IntRange(1, 9).Draw(t, "dim"), rapid.IntRange(1, 4).Draw(t, "sums"), rapid.IntRange(1, 9).Draw(t, "rows")
		c := Config{Dim: dim, Sums: sums, Weights: floats(dim*sums, "weights"), Start: floats(sums, "start")}
		c.Output = rapid.SampledFrom([]wire.Kind{wire.Raw, wire.Prob, wire.Class}).Draw(t, "output")
		c.Transform.Func = rapid.SampledFrom([]link.Func{link.Identity, link.Sigmoid32, link.Softmax32, link.Exp32, link.Step}).Draw(t, "link")
		m, err := NewLinear(c)
		if err != nil {
			t.Fatal(err)
		}
		outputs, s := m.Shape().Outputs, m.NewScorer().(batcher.StridedScorer)
		stride := dim + rapid.IntRange(0, 3).Draw(t, "gap")
		rows := floats(count*stride, "row")

		all := make([]float32, count*outputs)
		if err := s.ScoreStrided(rows[:(count-1)*stride+dim], dim, stride, all); err != nil {
			t.Fatal(err)
		}
		for i := range count {
			row := rows[i*stride : i*stride+dim]
			alone := make([]float32, outputs)
			if err := m.NewScorer().Score(row, dim, alone); err != nil {
				t.Fatal(err)
			}
			for k, x := range alone {
				if math.Float32bits(x) != math.Float32bits(all[i*outputs+k]) {
					t.Fatalf("row %d, output %d: %v alone, %v among others", i, k, x, all[i*outputs+k])
				}
				if want := plain(c, row, k); c.Output == wire.Raw && x != want && (x == x || want == want) {
					t.Fatalf("row %d, sum %d: %v, not %v", i, k, x, want)
				}
			}
		}
	})
}

// plain is the sum of a row.
func plain(c Config, row []float32, sum int) float32 {
	s := c.Start[sum]
	for i, x := range row {
		if x == x {
			product := float32(x * c.Weights[i*c.Sums+sum])
			s += product
		}
	}
	return s
}
