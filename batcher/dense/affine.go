package dense

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/dense/internal/gemm"
	"github.com/disrust/disrust/batcher/kernel"
)

// Affine multiplies a row by a matrix and adds a bias, as Gemm of ONNX does:
//
//	y[j] = activation(Alpha * (x[0]*w[0][j] + x[1]*w[1][j] + ...) + Beta*Bias[j])
//
// The sum is a float32. It begins at 0, and the products are added in the order of the inputs. Each
// multiplication is fused with the addition behind it: the two round once. So is that by Alpha with the
// addition of Beta*Bias[j], which was rounded before.
//
// So the bits of y do not depend on how many outputs and rows are computed at once, nor with which
// instructions. Go emulates the fused operation on processors that lack it.
type Affine struct {
	Out int // values per row after the layer

	// Weights has those of input 0 to all outputs, then those of input 1, and so on. Transposed:
	// those of all inputs to output 0, then to output 1 (transB of Gemm; PyTorch's Linear).
	Weights    []float32
	Transposed bool
	Bias       []float32 // one for each output, or one for all; nil: none

	Alpha, Beta float32 // 0 stands for 1
	Activation  activation.Func

	// Kernel says with which instructions the layer multiplies. It changes no bit.
	Kernel kernel.Kind
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
	k, err := l.Kernel.Resolve()
	if err != nil {
		return nil, err
	}
	c := gemm.Config{In: in, Out: l.Out, Weight: l.weight(in), Bias: bias, Alpha: orOne(l.Alpha), Floor: float32(math.Inf(-1)), Kernel: k}
	if l.Activation.Kind == activation.Relu {
		c.Floor, l.Activation = 0, activation.Func{}
	}
	return &affine{in, l.Out, gemm.New(c), l.Activation}, nil
}

// bias returns the products of Beta and Bias, or nil.
func (l Affine) bias() ([]float32, error) {
	if l.Bias == nil {
		return nil, nil
	}
	products, err := expand("the bias", l.Bias, l.Out)
	for i := range products {
		products[i] *= orOne(l.Beta)
	}
	return products, err
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
	matrix     *gemm.Matrix
	activation activation.Func
}

func (s *affine) Widths() (in, out int) { return s.in, s.out }
func (s *affine) Scratch() int          { return (s.matrix.Scratch() + 1) / 2 }
func (s *affine) Bytes() int            { return s.matrix.Bytes() }

// Kernel names the instructions with which the stage multiplies.
func (s *affine) Kernel() string { return s.matrix.Kernel().String() }

func (s *affine) Apply(dst, src []float32, scratch []float64) {
	half := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(scratch))), 2*len(scratch)) // float32 take half the room
	dst = dst[:len(src)/s.in*s.out]
	s.matrix.Multiply(dst, src, half)
	s.activation.Apply(dst)
}
