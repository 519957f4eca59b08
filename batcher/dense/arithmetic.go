package dense

import "fmt"

// Op names an operation on two float32, whose result is rounded to float32.
type Op uint8

const (
	Add Op = iota
	Subtract
	Multiply
	Divide
	ops
)

// Combine writes a[i] op b[i] to dst[i]. The three slices have the same length; dst may be a or b.
func Combine(op Op, dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	switch op {
	case Add:
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	case Subtract:
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	case Multiply:
		for i := range dst {
			dst[i] = a[i] * b[i]
		}
	case Divide:
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	}
}

// Arithmetic combines each row with the same operand.
type Arithmetic struct {
	Op      Op
	Operand []float32 // one for each value of a row, or one for all
	Swapped bool      // the operand stands on the left: operand - x, operand / x
}

func (l Arithmetic) name() string { return "an Arithmetic" }

func (l Arithmetic) stage(in int) (Stage, error) {
	if l.Op >= ops {
		return nil, fmt.Errorf("there is no operation %d", l.Op)
	}
	operand, err := expand("the operand", l.Operand, in)
	return arithmetic{same(in), l.Op, operand, l.Swapped}, err
}

type arithmetic struct {
	same
	op      Op
	operand []float32
	swapped bool
}

func (s arithmetic) Bytes() int { return 4 * len(s.operand) }

func (s arithmetic) Apply(dst, src []float32, _ []float64) {
	for width := int(s.same); len(src) > 0; dst, src = dst[width:], src[width:] {
		if s.swapped {
			Combine(s.op, dst[:width], s.operand, src)
		} else {
			Combine(s.op, dst[:width], src, s.operand)
		}
	}
}

// Scaler computes (x-Offset)*Scale, or (x-Offset)/Scale. Both results are rounded to float32, so
// the two forms differ in the last bit now and then.
type Scaler struct {
	Offset []float32 // one for each value of a row, or one for all; nil: nothing is subtracted
	Scale  []float32 // the same; nil: the difference stays
	Divide bool
}

func (l Scaler) name() string { return "a Scaler" }

func (l Scaler) stage(in int) (Stage, error) {
	s := scaler{same: same(in)}
	op := Multiply
	if l.Divide {
		op = Divide
	}
	for _, step := range []struct {
		name   string
		op     Op
		values []float32
	}{{"the offset", Subtract, l.Offset}, {"the scale", op, l.Scale}} {
		if step.values == nil {
			continue
		}
		operand, err := expand(step.name, step.values, in)
		if err != nil {
			return nil, err
		}
		s.steps = append(s.steps, arithmetic{same(in), step.op, operand, false})
	}
	return s, nil
}

type scaler struct {
	same
	steps []arithmetic
}

func (s scaler) Bytes() int { return 4 * len(s.steps) * int(s.same) }

func (s scaler) Apply(dst, src []float32, _ []float64) {
	copy(dst, src)
	dst = dst[:len(src)]
	for _, step := range s.steps {
		step.Apply(dst, dst, nil)
	}
}
