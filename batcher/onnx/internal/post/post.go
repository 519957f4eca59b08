// Package post has what the operators of ai.onnx.ml make of their sums: post_transform.
package post

// Transform is what becomes of several sums.
type Transform uint8

// Transforms, as post_transform names them.
const (
	None Transform = iota
	Softmax
	Logistic
	SoftmaxZero
	Probit
)

// Names are the values of post_transform.
var Names = map[string]Transform{
	"NONE": None, "SOFTMAX": Softmax, "LOGISTIC": Logistic, "SOFTMAX_ZERO": SoftmaxZero, "PROBIT": Probit,
}

// Apply replaces the sums of a row, with the bits of onnxruntime. It is called with at least two sums,
// or with one and Probit, as onnxruntime leaves a single sum alone otherwise. wide has the same
// length, at least.
func (t Transform) Apply(v []float32, wide []float64) {
	switch t {
	case Logistic:
		for i, x := range v {
			v[i] = Sigmoid(x)
		}
	case Probit:
		for i, x := range v {
			v[i] = probit(x)
		}
	case Softmax, SoftmaxZero:
		softmax(v, wide, t == SoftmaxZero)
	}
}
