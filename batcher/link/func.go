package link

// Func names an inverse link function.
type Func uint8

const (
	Identity     Func = iota // x
	Sigmoid                  // 1 / (1 + exp(-scale*x))
	Softmax                  // exp(x[i]-max) / sum of exp(x[j]-max)
	Exp                      // exp(x)
	Log1pExp                 // log(1 + exp(x))
	SignedSquare             // x * |x|
	Sigmoid32                // 1 / (exp(min(-x, 88.7)) + 1 + 1e-16), step by step in float32
	Softmax32                // as Softmax, in float32 with a float64 sum
	Exp32                    // exp(x), in float32
	Step                     // 1 if x > 0, else 0
	Argmax                   // the index of the largest x, the first of equals: one answer
)

// Transform is a function with its parameter.
type Transform struct {
	Func  Func
	Scale float64 // of Sigmoid
}

// Outputs returns how many answers t makes of so many sums.
func (t Transform) Outputs(sums int) int {
	if t.Func == Argmax {
		return 1
	}
	return sums
}

// Apply replaces the sums of one row by their answers; Argmax writes to v[0] alone. A function
// that computes in float32 expects sums that a float32 holds exactly.
func (t Transform) Apply(v []float64) {
	switch t.Func {
	case Sigmoid:
		for i, x := range v {
			v[i] = sigmoid(x, t.Scale)
		}
	case Softmax:
		softmax(v)
	case Exp:
		each(v, exp)
	case Log1pExp:
		each(v, log1pExp)
	case SignedSquare:
		each(v, signedSquare)
	case Sigmoid32:
		each32(v, sigmoid32)
	case Softmax32:
		softmax32(v)
	case Exp32:
		each32(v, exp32)
	case Step:
		each(v, step)
	case Argmax:
		v[0] = float64(Largest(v))
	}
}

// Largest returns the index of the largest of v, the first of equals.
func Largest(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

func each(v []float64, f func(float64) float64) {
	for i, x := range v {
		v[i] = f(x)
	}
}

func each32(v []float64, f func(float32) float32) {
	for i, x := range v {
		v[i] = float64(f(float32(x)))
	}
}

func step(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}
