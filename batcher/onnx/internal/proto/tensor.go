package proto

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Types of elements, as TensorProto.DataType numbers them.
const (
	Float  = 1
	Uint8  = 2
	Int32  = 6
	Int64  = 7
	String = 8
	Bool   = 9
	Double = 11
)

var typeNames = map[int64]string{
	1: "float", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool", 10: "float16",
	11: "double", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}

// TypeName returns the name of a type of elements.
func TypeName(t int64) string {
	if name := typeNames[t]; name != "" {
		return name
	}
	return fmt.Sprintf("type %d", t)
}

// Tensor is a constant.
type Tensor struct {
	Name string
	Dims []int64
	Type int64

	raw      []byte // nil: the elements are in a list
	list     []float32
	doubles  []float64
	integers []int64 // int32 and smaller types
	longs    []int64
	texts    []string
	external bool
}

func readTensor(message []byte, what string) (Tensor, error) {
	t := Tensor{}
	err := each(what, message, func(f field) error {
		switch f.number {
		case 1:
			return f.integers(what, &t.Dims)
		case 2:
			return f.integer(what, &t.Type)
		case 4:
			return f.floats(what, &t.list)
		case 5:
			return f.integers(what, &t.integers)
		case 6:
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			t.texts = append(t.texts, string(f.bytes))
		case 7:
			return f.integers(what, &t.longs)
		case 8:
			return f.text(what, &t.Name)
		case 9:
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			t.raw = f.bytes
		case 10:
			return f.doubles(what, &t.doubles)
		case 13:
			t.external = true
		case 14:
			location := int64(0)
			err := f.integer(what, &location)
			t.external = t.external || location == 1
			return err
		}
		return nil
	})
	return t, err
}

// Bounds of a constant. One without elements costs nothing in the file, whatever its other dims are.
const (
	maxDims  = 64
	maxEmpty = 1 << 20
)

// count returns how many elements the dims promise.
func (t *Tensor) count() (int, error) {
	if t.external {
		return 0, fmt.Errorf("constant %q: its values are in another file (external_data), which is not read: save the model in one file", t.Name)
	}
	if len(t.Dims) > maxDims {
		return 0, fmt.Errorf("constant %q: %d dims: at most %d are supported", t.Name, len(t.Dims), maxDims)
	}
	count, limit := int64(1), int64(math.MaxInt32)
	if slices.Contains(t.Dims, 0) {
		limit = maxEmpty
	}
	for _, d := range t.Dims {
		if d < 0 {
			return 0, fmt.Errorf("constant %q: dims %v: a dimension of %d", t.Name, t.Dims, d)
		}
		if d > limit/count {
			return 0, fmt.Errorf("constant %q: dims %v: more than %d elements", t.Name, t.Dims, limit)
		}
		count *= max(d, 1)
	}
	if limit == maxEmpty {
		return 0, nil
	}
	return int(count), nil
}

// Check reports whether the elements are as many as the dims say.
func (t *Tensor) Check() error {
	want, err := t.count()
	if err != nil {
		return err
	}
	numbers := len(t.list) + len(t.doubles) + len(t.integers) + len(t.longs)
	if t.Type == String && len(t.texts) == want && t.raw == nil && numbers == 0 {
		return nil
	}
	size := map[int64]int{Float: 4, Uint8: 1, Int32: 4, Int64: 8, Bool: 1, Double: 8}[t.Type]
	if size == 0 {
		return fmt.Errorf("constant %q: data_type %s: float, double, int32, int64, uint8 and bool are supported", t.Name, TypeName(t.Type))
	}
	own := map[int64]int{Float: len(t.list), Double: len(t.doubles), Int64: len(t.longs)}
	if of, has := own[t.Type]; has && of != numbers || !has && len(t.integers) != numbers {
		return fmt.Errorf("constant %q: it is of type %s, and its elements are of another", t.Name, TypeName(t.Type))
	}
	got := numbers + len(t.texts)
	if t.raw != nil {
		if len(t.raw)%size != 0 {
			return fmt.Errorf("constant %q: dims %v of %s, and %d bytes", t.Name, t.Dims, TypeName(t.Type), len(t.raw))
		}
		got += len(t.raw) / size
	}
	if got != want {
		return fmt.Errorf("constant %q: dims %v are %d elements, and the file has %d", t.Name, t.Dims, want, got)
	}
	return nil
}

// Texts returns the elements of a constant of texts; nil of another.
func (t *Tensor) Texts() []string { return t.texts }

// Doubles returns the elements as float64, which holds each type that Check allows but for large
// int64 exactly. A text becomes its place. Check must have passed.
func (t *Tensor) Doubles() []float64 {
	all := make([]float64, 0, len(t.list)+len(t.doubles)+len(t.integers)+len(t.longs)+len(t.texts)+len(t.raw)/4)
	for i := range t.texts {
		all = append(all, float64(i))
	}
	for _, x := range t.list {
		all = append(all, float64(x))
	}
	all = append(all, t.doubles...)
	for _, x := range t.integers {
		all = append(all, t.small(x))
	}
	for _, x := range t.longs {
		all = append(all, float64(x))
	}
	for b := t.raw; len(b) > 0; {
		var x float64
		switch t.Type {
		case Float:
			x, b = float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), b[4:]
		case Double:
			x, b = math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
		case Int32:
			x, b = float64(int32(binary.LittleEndian.Uint32(b))), b[4:]
		case Int64:
			x, b = float64(int64(binary.LittleEndian.Uint64(b))), b[8:]
		default:
			x, b = t.small(int64(b[0])), b[1:]
		}
		all = append(all, x)
	}
	return all
}

// small returns an element of a type that is smaller than int64, of which the file may have more bits.
func (t *Tensor) small(x int64) float64 {
	switch t.Type {
	case Int32:
		return float64(int32(x))
	case Uint8:
		return float64(uint8(x))
	case Bool:
		return float64(min(1, uint64(x)))
	}
	return float64(x)
}

// Floats returns the elements of a float constant.
func (t *Tensor) Floats() []float32 {
	doubles := t.Doubles()
	all := make([]float32, len(doubles))
	for i, x := range doubles {
		all[i] = float32(x)
	}
	return all
}
