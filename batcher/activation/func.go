package activation

import (
	"fmt"
	"math"
)

// Kind names a function of one value.
type Kind uint8

const (
	Identity  Kind = iota // x
	Relu                  // 0 if x < 0, else x
	LeakyRelu             // x, or Alpha*x if x < 0
	Elu                   // x, or Alpha*(exp(x)-1) if x < 0
	Clip                  // Low if x < Low, else x; and High if that is above High
	Exp                   // exp(x)
	Log                   // log(x)
	Log1p                 // log(1 + x)
	Tanh                  // tanh(x)
	Sigmoid               // 1 / (1 + exp(-x))
	Silu                  // x / (1 + exp(-x))
	Softplus              // log(1 + exp(x))
	Mish                  // x * tanh(log(1 + exp(x)))
	Erf                   // erf(x)
	Gelu                  // x/2 * (1 + erf(x/sqrt(2)))
	GeluTanh              // x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x*x*x)))
	Power                 // Alpha**x
	kinds
)

var names = [...]string{"Identity", "Relu", "LeakyRelu", "Elu", "Clip", "Exp", "Log", "Log1p", "Tanh", "Sigmoid", "Silu", "Softplus", "Mish", "Erf", "Gelu",
	"GeluTanh", "Power"}

// String returns the name of the function.
func (k Kind) String() string {
	if k < kinds {
		return names[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Func is a function with its parameters. The zero Func is Identity.
type Func struct {
	Kind      Kind
	Alpha     float32 // of LeakyRelu, Elu and Power
	Low, High float32 // of Clip
}

// Validate reports whether f is a function.
func (f Func) Validate() error {
	switch {
	case f.Kind >= kinds:
		return fmt.Errorf("activation: there is no function %d", f.Kind)
	case (f.Kind == LeakyRelu || f.Kind == Elu) && !(math.Abs(float64(f.Alpha)) <= math.MaxFloat32):
		return fmt.Errorf("activation: alpha is %v, and must be finite", f.Alpha)
	case f.Kind == Power && !(f.Alpha > 0 && f.Alpha <= math.MaxFloat32):
		return fmt.Errorf("activation: the base of a power is %v, and must be finite and above 0", f.Alpha)
	case f.Kind == Clip && (f.Low != f.Low || f.High != f.High):
		return fmt.Errorf("activation: the limits %v and %v of a clip must be numbers", f.Low, f.High)
	}
	return nil
}

// Apply replaces each value of v by that of the function. NaN stays NaN.
func (f Func) Apply(v []float32) {
	switch f.Kind {
	case Relu:
		relu(v)
	case LeakyRelu:
		leakyRelu(v, f.Alpha)
	case Elu:
		eachElu(v, f.Alpha)
	case Clip:
		clip(v, f.Low, f.High)
	case Exp:
		each(v, exp)
	case Log:
		each(v, log)
	case Log1p:
		each(v, log1p)
	case Tanh:
		each(v, tanh)
	case Sigmoid:
		each(v, sigmoid)
	case Silu:
		each(v, silu)
	case Softplus:
		each(v, softplus)
	case Mish:
		each(v, mish)
	case Erf:
		each(v, erf)
	case Gelu:
		each(v, gelu)
	case GeluTanh:
		each(v, geluTanh)
	case Power:
		scale := log(float64(f.Alpha)) // 0 times infinity is kept away
		each(v, func(x float64) float64 { return exp(float64(min(max(x, -1e300), 1e300) * scale)) })
	}
}

func each(v []float32, f func(float64) float64) {
	for i, x := range v {
		v[i] = float32(f(float64(x)))
	}
}

func relu(v []float32) {
	for i, x := range v {
		if x < 0 {
			v[i] = 0
		}
	}
}

func leakyRelu(v []float32, alpha float32) {
	for i, x := range v {
		if x < 0 {
			v[i] = alpha * x
		}
	}
}

func eachElu(v []float32, alpha float32) {
	for i, x := range v {
		if x < 0 {
			v[i] = float32(float64(alpha) * expm1(float64(x)))
		}
	}
}

func clip(v []float32, low, high float32) {
	for i, x := range v {
		if x < low {
			x = low
		}
		if x > high {
			x = high
		}
		v[i] = x
	}
}
