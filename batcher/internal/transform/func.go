package transform

import "strconv"

// Func names what is computed of the sums of a row. Apply computes it in float64, Apply32 in
// float32.
type Func uint8

const (
	Identity     Func = iota // x
	Sigmoid                  // 1/(1+e**-x)
	Softmax                  // e**x, divided by the sum of all e**x
	Exp                      // e**x
	Log1pExp                 // log(1+e**x); in float64 only
	SignedSquare             // x*|x|; in float64 only
	Hinge                    // 1 if x is positive, else 0; in float32 only
	Argmax                   // the index of the largest x, the first of equals: one answer
)

// Answers returns how many answers f makes of so many sums.
func (f Func) Answers(sums int) int {
	if f == Argmax {
		return 1
	}
	return sums
}

// Apply replaces v by what f makes of it: v[:f.Answers(len(v))].
func (f Func) Apply(v []float64) {
	switch f {
	case Identity:
	case Sigmoid:
		each(v, sigmoid)
	case Softmax:
		softmax(v)
	case Exp:
		each(v, exp)
	case Log1pExp:
		each(v, log1pExp)
	case SignedSquare:
		each(v, signedSquare)
	case Argmax:
		v[0] = float64(Largest(v))
	default:
		panic("transform: function " + strconv.Itoa(int(f)) + " has no float64 form")
	}
}

// Apply32 replaces v by what f makes of it: v[:f.Answers(len(v))].
func (f Func) Apply32(v []float32) {
	switch f {
	case Identity:
	case Argmax:
		v[0] = float32(Largest(v))
	default:
		panic("transform: function " + strconv.Itoa(int(f)) + " has no float32 form")
	}
}

// Largest returns the index of the largest of v, the first of equals.
func Largest[F float32 | float64](v []F) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

func each[F float32 | float64](v []F, f func(F) F) {
	for i, x := range v {
		v[i] = f(x)
	}
}
