package proto

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message. Its bytes are those of the file.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64 // of a number
	bytes  []byte // of a string, a message or a packed list
}

// each calls do for every field of a message, in the order of the file. what names the message.
func each(what string, message []byte, do func(field) error) error {
	for at := 0; at < len(message); {
		number, kind, n := protowire.ConsumeTag(message[at:])
		if n < 0 {
			return fmt.Errorf("%s: byte %d of %d begins no field: the file is cut or damaged", what, at, len(message))
		}
		at += n
		f := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(message[at:])
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message[at:])
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(message[at:])
		case protowire.BytesType:
			if size, m := protowire.ConsumeVarint(message[at:]); m >= 0 && size > uint64(len(message)-at-m) {
				return fmt.Errorf("%s: the field %d has the length %d, and %d bytes are left: the file is cut or damaged",
					what, number, size, len(message)-at-m)
			}
			f.bytes, n = protowire.ConsumeBytes(message[at:])
		default:
			return fmt.Errorf("%s: the field %d has the wire type %d, which ONNX does not use", what, number, kind)
		}
		if n < 0 {
			return fmt.Errorf("%s: the field %d is cut after %d bytes: the file is cut or damaged", what, number, len(message)-at)
		}
		at += n
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// wrong says that a field has another type than ONNX gives it.
func (f field) wrong(what string) error {
	return fmt.Errorf("%s: the field %d has the wire type %d, which is not that of ONNX", what, f.number, f.kind)
}

// text stores a string.
func (f field) text(what string, to *string) error {
	if f.kind != protowire.BytesType {
		return f.wrong(what)
	}
	*to = string(f.bytes)
	return nil
}

// integer stores a whole number.
func (f field) integer(what string, to *int64) error {
	if f.kind != protowire.VarintType {
		return f.wrong(what)
	}
	*to = int64(f.bits)
	return nil
}

// integers appends the numbers of a list, which may be packed.
func (f field) integers(what string, to *[]int64) error {
	if f.kind == protowire.VarintType {
		*to = append(*to, int64(f.bits))
		return nil
	}
	if f.kind != protowire.BytesType {
		return f.wrong(what)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return fmt.Errorf("%s: the list in the field %d is cut: the file is cut or damaged", what, f.number)
		}
		*to, b = append(*to, int64(v)), b[n:]
	}
	return nil
}

// floats appends the numbers of a list, which may be packed.
func (f field) floats(what string, to *[]float32) error {
	if f.kind == protowire.Fixed32Type {
		*to = append(*to, math.Float32frombits(uint32(f.bits)))
		return nil
	}
	if f.kind != protowire.BytesType || len(f.bytes)%4 != 0 {
		return f.wrong(what)
	}
	for b := f.bytes; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		*to = append(*to, math.Float32frombits(v))
	}
	return nil
}

// doubles appends the numbers of a list, which may be packed.
func (f field) doubles(what string, to *[]float64) error {
	if f.kind == protowire.Fixed64Type {
		*to = append(*to, math.Float64frombits(f.bits))
		return nil
	}
	if f.kind != protowire.BytesType || len(f.bytes)%8 != 0 {
		return f.wrong(what)
	}
	for b := f.bytes; len(b) > 0; b = b[8:] {
		v, _ := protowire.ConsumeFixed64(b)
		*to = append(*to, math.Float64frombits(v))
	}
	return nil
}
