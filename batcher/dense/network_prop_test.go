package dense

import (
	"math"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// hostile draws any float32, and those where something goes wrong more often.
func hostile() *rapid.Generator[float32] {
	inf := float32(math.Inf(1))
	return rapid.OneOf(rapid.Float32(), rapid.Float32Range(-2, 2),
		rapid.SampledFrom([]float32{0, float32(math.Copysign(0, -1)), 1, -1, 1e38, -1e38, inf, -inf, nan, 1e-45, -1e-40}))
}

func draw(t *rapid.T, g *rapid.Generator[float32], count int, name string) []float32 {
	return rapid.SliceOfN(g, count, count).Draw(t, name)
}

// drawLayer draws a layer for rows of width values, and returns the width after it.
func drawLayer(t *rapid.T, width int) (Layer, int) {
	v := func(name string) []float32 { return draw(t, hostile(), width, name) }
	f := activation.Func{Kind: activation.Kind(rapid.IntRange(0, int(activation.GeluTanh)).Draw(t, "function")), Alpha: 0.5, Low: -1, High: 6}
	switch rapid.IntRange(0, 6).Draw(t, "layer") {
	case 0:
		return Activation{f}, width
	case 1:
		return Arithmetic{Op: Op(rapid.IntRange(0, 3).Draw(t, "op")), Operand: v("operand"), Swapped: rapid.Bool().Draw(t, "swapped")}, width
	case 2:
		return Scaler{Offset: v("offset"), Scale: v("scale"), Divide: rapid.Bool().Draw(t, "divide")}, width
	case 3:
		return BatchNorm{Scale: v("scale"), Bias: v("bias"), Mean: v("mean"), Variance: v("variance"), Epsilon: 1e-5}, width
	case 4:
		return LayerNorm{Scale: v("scale"), Bias: v("bias"), Epsilon: 1e-5}, width
	case 5:
		return Softmax{}, width
	}
	out, k := rapid.IntRange(1, 40).Draw(t, "out"), rapid.SampledFrom(kernel.All()).Draw(t, "kernel")
	weights := draw(t, hostile(), width*out, "weights")
	return Affine{Out: out, Weights: weights, Transposed: rapid.Bool().Draw(t, "transposed"), Bias: draw(t, hostile(), out, "bias"), Activation: f, Kernel: k}, out
}

// The scores of a row have the same bits alone and among others, in whatever order, with data
// between the rows, and after other rows with the same scorer.
func TestRowsOfNetworkDoNotDependOnEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim := rapid.IntRange(1, 12).Draw(t, "dim")
		var layers []Layer
		for width := dim; len(layers) < 1 || len(layers) < 5 && rapid.Bool().Draw(t, "more"); {
			var l Layer
			l, width = drawLayer(t, width)
			layers = append(layers, l)
		}
		m, err := New(dim, rapid.SampledFrom([]wire.Kind{wire.Raw, wire.Class}).Draw(t, "output"), layers...)
		if err != nil {
			t.Fatal(err)
		}
		m.block = rapid.IntRange(1, m.block).Draw(t, "block")
		count, stride := rapid.IntRange(1, 20).Draw(t, "rows"), dim+rapid.IntRange(0, 3).Draw(t, "gap")
		rows, outputs := draw(t, hostile(), count*stride, "row"), m.Shape().Outputs

		s, all := m.NewScorer().(batcher.StridedScorer), make([]float32, count*outputs)
		if err := s.ScoreStrided(rows[:(count-1)*stride+dim], dim, stride, all); err != nil {
			t.Fatal(err)
		}
		for _, i := range rapid.Permutation(sequence(count)).Draw(t, "order") {
			alone := make([]float32, outputs)
			if err := s.Score(rows[i*stride:i*stride+dim], dim, alone); err != nil {
				t.Fatal(err)
			}
			for k, x := range alone {
				if y := all[i*outputs+k]; math.Float32bits(x) != math.Float32bits(y) {
					t.Fatalf("row %d, score %d: %v alone, %v among others", i, k, x, y)
				}
			}
		}
	})
}

func sequence(count int) []int {
	s := make([]int, count)
	for i := range s {
		s[i] = i
	}
	return s
}

// An Affine lies within the bound of the README from a plain computation in another order.
func TestAffineAgainstPlainArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, out, rows := rapid.IntRange(1, 60).Draw(t, "in"), rapid.IntRange(1, 20).Draw(t, "out"), rapid.IntRange(1, 20).Draw(t, "rows")
		number := rapid.OneOf(rapid.Float32Range(-1, 1), rapid.Float32Range(-1e15, 1e15))
		l := Affine{Out: out, Weights: draw(t, number, in*out, "weights"), Bias: draw(t, number, out, "bias"), Transposed: rapid.Bool().Draw(t, "transposed")}
		x := draw(t, number, rows*in, "row")
		s, err := NewStage(in, l)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, rows*out)
		s.Apply(dst, x, make([]float64, s.Scratch()))
		for i, got := range dst {
			sum, size := plainAffine(l, x[i/out*in:][:in], i%out)
			bound := float64(in+2) * (size/(1<<24) + math.SmallestNonzeroFloat32)
			if e := math.Abs(float64(got) - sum); e > bound {
				t.Fatalf("row %d, output %d: %v, not %v: %v away, more than %v", i/out, i%out, got, sum, e, bound)
			}
		}
	})
}

// plainAffine returns an output, summed from the last input to the first, and the sum of all
// absolute values in it.
func plainAffine(l Affine, x []float32, j int) (sum, size float64) {
	sum = float64(l.Bias[j])
	size = math.Abs(sum)
	for k := len(x) - 1; k >= 0; k-- {
		at := k*l.Out + j
		if l.Transposed {
			at = j*len(x) + k
		}
		product := float64(x[k]) * float64(l.Weights[at])
		sum += product
		size += math.Abs(product)
	}
	return sum, size
}

// Both normalisations, against the formula in float64 with sums in another order.
func TestNormsAgainstPlainArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 40).Draw(t, "width")
		v := func(name string) []float32 { return draw(t, rapid.Float32Range(-100, 100), width, name) }
		x, scale, bias, mean, variance := v("row"), v("scale"), v("bias"), v("mean"), draw(t, rapid.Float32Range(0, 100), width, "variance")
		const epsilon = 1e-3
		sum, squares := 0.0, 0.0
		for _, a := range x {
			sum += float64(a) / float64(width)
		}
		for _, a := range x {
			squares += (float64(a) - sum) * (float64(a) - sum) / float64(width)
		}
		check := func(name string, got []float32, mean, variance func(i int) float64) {
			for i, y := range got {
				part := (float64(x[i]) - mean(i)) / math.Sqrt(variance(i)+float64(float32(epsilon))) * float64(scale[i])
				want := part + float64(bias[i])
				if math.Abs(float64(y)-want) > math.Abs(want)/(1<<23)+1e-9*(math.Abs(part)+math.Abs(float64(bias[i]))+1) {
					t.Fatalf("%s: value %d is %v, not %v", name, i, y, want)
				}
			}
		}
		columns := BatchNorm{Scale: scale, Bias: bias, Mean: mean, Variance: variance, Epsilon: epsilon}
		check("BatchNorm", applyTo(t, columns, x), func(i int) float64 { return float64(mean[i]) }, func(i int) float64 { return float64(variance[i]) })
		rows := LayerNorm{Scale: scale, Bias: bias, Epsilon: epsilon}
		check("LayerNorm", applyTo(t, rows, x), func(int) float64 { return sum }, func(int) float64 { return squares })
	})
}

func applyTo(t *rapid.T, l Layer, row []float32) []float32 {
	s, err := NewStage(len(row), l)
	if err != nil {
		t.Fatal(err)
	}
	row = append([]float32(nil), row...)
	s.Apply(row, row, make([]float64, s.Scratch())) // in place
	return row
}
