package dense

import (
	"fmt"

	"github.com/disrust/disrust/batcher/activation"
)

// Affine multiplies a row by a matrix and adds a bias, as Gemm of ONNX does:
//
//	y[j] = activation(float32(Alpha * (x[0]*w[0][j] + x[1]*w[1][j] + ...) + Beta*Bias[j]))
//
// The products are float64, and exact. They are added in float64, from 0 and in the order of the
// inputs. So it does not matter whether a multiplication is fused with its addition, nor how
// many outputs are computed at once. Only the value that the activation gets is rounded to
// float32.
type Affine struct {
	Out int // values per row after the layer

	// Weights has those of input 0 to all outputs, then those of input 1, and so on. Transposed:
	// those of all inputs to output 0, then to output 1 (transB of Gemm; PyTorch's Linear).
	Weights    []float32
	Transposed bool
	Bias       []float32 // one for each output, or one for all; nil: none

	Alpha, Beta float32 // 0 stands for 1
	Activation  activation.Func
}

func (l Affine) name() string { return "an Affine" }

func (l Affine) stage(in int) (Stage, error) {
	if l.Out < 1 || l.Out > maxWidth {
		return nil, fmt.Errorf("%d outputs: 1 to %d are allowed", l.Out, maxWidth)
	}
	if int64(len(l.Weights)) != int64(in)*int64(l.Out) {
		return nil, fmt.Errorf("%d weights for %d outputs, and must be %d", len(l.Weights), l.Out, int64(in)*int64(l.Out))
	}
	if err := l.Activation.Validate(); err != nil {
		return nil, err
	}
	bias, err := l.bias()
	if err != nil {
		return nil, err
	}
	s := &affine{in: in, out: l.Out, alpha: float64(orOne(l.Alpha)), bias: bias, activation: l.Activation}
	s.panels, s.columns = pack(in, l.Out, l.weight(in))
	return s, nil
}

// bias returns the products of Beta and Bias, which are exact.
func (l Affine) bias() ([]float64, error) {
	products := make([]float64, l.Out)
	if l.Bias == nil {
		return products, nil
	}
	bias, err := expand("the bias", l.Bias, l.Out)
	if err != nil {
		return nil, err
	}
	beta := float64(orOne(l.Beta))
	for i, b := range bias {
		products[i] = beta * float64(b)
	}
	return products, nil
}

func (l Affine) weight(in int) func(k, j int) float32 {
	if l.Transposed {
		return func(k, j int) float32 { return l.Weights[j*in+k] }
	}
	return func(k, j int) float32 { return l.Weights[k*l.Out+j] }
}

func orOne(x float32) float32 {
	if x == 0 {
		return 1
	}
	return x
}

type affine struct {
	in, out    int
	panels     []float64 // see pack
	columns    []float64
	alpha      float64
	bias       []float64
	activation activation.Func
}

// together is how many rows are multiplied by a panel before the next panel is read.
const together = 8

func (s *affine) Widths() (in, out int) { return s.in, s.out }
func (s *affine) Scratch() int          { return together * s.in }
func (s *affine) Bytes() int            { return 8 * (len(s.panels) + len(s.columns) + len(s.bias)) }

func (s *affine) Apply(dst, src []float32, scratch []float64) {
	for len(src) > 0 {
		rows := min(together, len(src)/s.in)
		wide := scratch[:rows*s.in]
		for i, x := range src[:len(wide)] {
			wide[i] = float64(x)
		}
		done := dst[:rows*s.out]
		s.multiply(done, wide)
		s.activation.Apply(done)
		src, dst = src[len(wide):], dst[len(done):]
	}
}

// multiply writes the outputs of a few rows.
func (s *affine) multiply(dst []float32, rows []float64) {
	j := 0
	for panels := s.panels; len(panels) > 0; panels = panels[lanes*s.in:] {
		s.multiplyPanel(dst[j:], rows, panels[:lanes*s.in], s.bias[j:j+lanes])
		j += lanes
	}
	for columns := s.columns; len(columns) > 0; columns = columns[s.in:] {
		for i := 0; i*s.in < len(rows); i++ {
			sum := dot(rows[i*s.in:(i+1)*s.in], columns[:s.in])
			dst[i*s.out+j] = s.finish(sum, s.bias[j])
		}
		j++
	}
}

// multiplyPanel writes the outputs of one panel. They lie s.out apart in dst.
func (s *affine) multiplyPanel(dst []float32, rows, panel, bias []float64) {
	var sums [lanes]float64
	for {
		dotPanel(&sums, rows[:s.in], panel)
		for i, sum := range sums {
			dst[i] = s.finish(sum, bias[i])
		}
		if rows = rows[s.in:]; len(rows) == 0 {
			return
		}
		dst = dst[s.out:]
	}
}

func (s *affine) finish(sum, bias float64) float32 {
	return float32(float64(s.alpha*sum) + bias)
}
