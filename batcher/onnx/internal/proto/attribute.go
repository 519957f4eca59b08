package proto

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Attribute is a parameter of a node.
type Attribute struct {
	Name string
	Type int64  // as AttributeProto.AttributeType numbers it
	Ref  string // in a function: the attribute of the call that this one is; "": none

	F       float32
	I       int64
	S       string
	T       *Tensor // nil: it has none
	Floats  []float32
	Ints    []int64
	Strings []string
}

// Bytes is about how much memory the value takes.
func (a *Attribute) Bytes() int {
	total := len(a.S) + 4*len(a.Floats) + 8*len(a.Ints)
	for _, s := range a.Strings {
		total += 16 + len(s)
	}
	if t := a.T; t != nil {
		total += len(t.raw) + 4*len(t.list) + 8*(len(t.doubles)+len(t.integers)+len(t.longs)+2*len(t.texts))
	}
	return total
}

// Types of attributes.
const (
	TypeFloat   = 1
	TypeInt     = 2
	TypeString  = 3
	TypeTensor  = 4
	TypeGraph   = 5
	TypeFloats  = 6
	TypeInts    = 7
	TypeStrings = 8
)

// AttributeTypeName returns how ONNX calls a type of attributes.
func AttributeTypeName(t int64) string {
	names := [...]string{TypeFloat: "FLOAT", TypeInt: "INT", TypeString: "STRING", TypeTensor: "TENSOR", TypeGraph: "GRAPH",
		TypeFloats: "FLOATS", TypeInts: "INTS", TypeStrings: "STRINGS"}
	if t > 0 && t < int64(len(names)) {
		return names[t]
	}
	return fmt.Sprintf("type %d", t)
}

func readAttribute(message []byte, node string) (Attribute, error) {
	a, what := Attribute{}, "an attribute of "+node
	err := each(what, message, func(f field) error {
		switch f.number {
		case 1:
			return f.text(what, &a.Name)
		case 2:
			if f.kind != protowire.Fixed32Type {
				return f.wrong(what)
			}
			a.F = math.Float32frombits(uint32(f.bits))
		case 3:
			return f.integer(what, &a.I)
		case 4:
			return f.text(what, &a.S)
		case 5:
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			t, err := readTensor(f.bytes, what)
			a.T = &t
			return err
		case 7:
			return f.floats(what, &a.Floats)
		case 8:
			return f.integers(what, &a.Ints)
		case 9:
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			a.Strings = append(a.Strings, known(f.bytes))
		case 20:
			return f.integer(what, &a.Type)
		case 21:
			return f.text(what, &a.Ref)
		}
		return nil
	})
	return a, err
}

// known returns a string. Those that come for each node of a tree share their bytes.
func known(b []byte) string {
	for _, s := range [...]string{"LEAF", "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"} {
		if string(b) == s {
			return s
		}
	}
	return string(b)
}
