package stages

import (
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Op makes a number of two, each of which is a float32. Truth is 1 and 0.
type Op struct {
	Name  string
	apply func(dst, a, b []float32) // of the same length
}

// Operations. The first four round their result once. Max and Min of NaN are NaN.
var (
	Add      = Op{"+", arithmetic(dense.Add)}
	Subtract = Op{"-", arithmetic(dense.Subtract)}
	Multiply = Op{"*", arithmetic(dense.Multiply)}
	Divide   = Op{"/", arithmetic(dense.Divide)}
	Max      = number("max", func(a, b float32) float32 { return max(a, b) })
	Min      = number("min", func(a, b float32) float32 { return min(a, b) })
	// MultiplyWhole is for whole numbers, among which 0 has no sign.
	MultiplyWhole = number("*", func(a, b float32) float32 { return a*b + 0 })

	PRelu = number("prelu", func(x, slope float32) float32 {
		if x < 0 {
			return slope * x
		}
		return x
	})

	Equal          = truth("==", func(a, b float32) bool { return a == b })
	Less           = truth("<", func(a, b float32) bool { return a < b })
	LessOrEqual    = truth("<=", func(a, b float32) bool { return a <= b })
	Greater        = truth(">", func(a, b float32) bool { return a > b })
	GreaterOrEqual = truth(">=", func(a, b float32) bool { return a >= b })
	And            = truth("and", func(a, b float32) bool { return a != 0 && b != 0 })
	Or             = truth("or", func(a, b float32) bool { return a != 0 || b != 0 })
	Xor            = truth("xor", func(a, b float32) bool { return (a != 0) != (b != 0) })
)

func arithmetic(op dense.Op) func(dst, a, b []float32) {
	return func(dst, a, b []float32) { dense.Combine(op, dst, a, b) }
}

func number(name string, f func(a, b float32) float32) Op {
	return Op{name, func(dst, a, b []float32) {
		for i := range dst {
			dst[i] = f(a[i], b[i])
		}
	}}
}

func truth(name string, f func(a, b float32) bool) Op {
	return number(name, func(a, b float32) float32 {
		if f(a, b) {
			return 1
		}
		return 0
	})
}

// Combine applies an operation to two operands, number by number.
type Combine struct {
	op   Op
	a, b Operand
	size int
}

// NewCombine makes a stage of size columns.
func NewCombine(op Op, a, b Operand, size int) *Combine {
	return &Combine{op, a.expanded(), b.expanded(), size}
}

func (c *Combine) From() []int { return values(c.a, c.b) }
func (c *Combine) Width() int  { return c.size }
func (c *Combine) Bytes() int  { return c.a.bytes() + c.b.bytes() }

func (c *Combine) String() string {
	name := func(o Operand) string {
		switch {
		case o.Constant == nil:
			return "x"
		case len(o.Constant) > 0 && slices.Min(o.Constant) == slices.Max(o.Constant):
			return fmt.Sprint(o.Constant[0])
		}
		return fmt.Sprintf("%d constants", len(o.Constant))
	}
	return fmt.Sprintf("%s %s %s", name(c.a), c.op.Name, name(c.b))
}

// NewRunner implements [pipeline.Stage].
func (c *Combine) NewRunner() pipeline.Runner {
	if c.a.Constant == nil && c.b.Constant == nil && c.a.Index == nil && c.b.Index == nil {
		return func(dst []float32, from [][]float32, rows int) error {
			n := rows * c.size
			c.op.apply(dst[:n], from[0][:n], from[1][:n])
			return nil
		}
	}
	r := readers(c.a, c.b)
	return func(dst []float32, from [][]float32, rows int) error {
		begin(r, from)
		for i := range rows {
			c.op.apply(dst[i*c.size:(i+1)*c.size], r[0].next(), r[1].next())
		}
		return nil
	}
}

// Select takes a number from one operand where a condition is not 0, and from another elsewhere. In
// onnxruntime a 0 of the first has no sign then.
type Select struct {
	condition, a, b Operand
	size            int
}

// NewSelect makes a stage of size columns.
func NewSelect(condition, a, b Operand, size int) *Select {
	return &Select{condition.expanded(), a.expanded(), b.expanded(), size}
}

func (s *Select) From() []int    { return values(s.condition, s.a, s.b) }
func (s *Select) Width() int     { return s.size }
func (s *Select) Bytes() int     { return s.condition.bytes() + s.a.bytes() + s.b.bytes() }
func (s *Select) String() string { return "one of two" }

// NewRunner implements [pipeline.Stage].
func (s *Select) NewRunner() pipeline.Runner {
	r := readers(s.condition, s.a, s.b)
	return func(dst []float32, from [][]float32, rows int) error {
		begin(r, from)
		for i := range rows {
			condition, a, b := r[0].next(), r[1].next(), r[2].next()
			out := dst[i*s.size : (i+1)*s.size]
			for k := range out {
				out[k] = b[k]
				if condition[k] != 0 {
					out[k] = a[k] + 0
				}
			}
		}
		return nil
	}
}
