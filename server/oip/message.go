package oip

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/disrust/disrust/server"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// message is a ModelInferRequest of gRPC that has been read. It refers to the bytes that it was read from.
//
// Package protobuf would make objects of the bytes, which take up to a hundred times as much memory when a client
// wants that. This reader makes none, and copies the features once.
type message struct {
	model, version, id []byte
	input              messageInput
	inputs             int
	output             []byte // its name
	outputs            int
	raw                []byte // the first of raw_input_contents
	raws               int
	parameterErr       error // of the first parameter that is refused
}

// messageInput is an input of a message. The elements of its contents are in the rows of the workspace.
type messageInput struct {
	name, datatype []byte
	shape          []int64
	hasContents    bool
}

// The numbers of the fields, as in inference.proto.
const (
	requestModel      = 1
	requestVersion    = 2
	requestID         = 3
	requestParameters = 4
	requestInputs     = 5
	requestOutputs    = 6
	requestRaw        = 7

	inputFieldName       = 1
	inputFieldDatatype   = 2
	inputFieldShape      = 3
	inputFieldParameters = 4
	inputFieldContents   = 5

	contentsFP32 = 6

	outputFieldName       = 1
	outputFieldParameters = 2

	entryKey = 1
)

// field is one field of a message. bytes are its value if it is of the type BytesType; number otherwise.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bytes  []byte
	value  uint64
}

// eachField calls visit for each field of b. Groups are left out.
func eachField(b []byte, visit func(f field) error) error {
	for len(b) > 0 {
		var f field
		var n int
		if f.number, f.kind, n = protowire.ConsumeTag(b); n < 0 {
			return faulty(n)
		}
		b = b[n:]
		switch f.kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(f.number, f.kind, b)
			if f.kind == protowire.Fixed32Type && n > 0 {
				f.value = uint64(binary.LittleEndian.Uint32(b))
			}
		}
		if n < 0 {
			return faulty(n)
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func faulty(n int) error {
	return failf(invalid, "the message is no ModelInferRequest: %v", protowire.ParseError(n))
}

// parseMessage reads w.body. Elements of contents go to w.rows.
func (w *workspace) parseMessage() (m message, err error) {
	w.rows = w.rows[:0]
	err = eachField(w.body, func(f field) (err error) {
		if f.kind != protowire.BytesType {
			return nil // an unknown field, as all below
		}
		switch f.number {
		case requestModel:
			m.model = f.bytes
		case requestVersion:
			m.version = f.bytes
		case requestID:
			if m.id = f.bytes; !utf8.Valid(m.id) {
				err = failf(invalid, "the id is not UTF-8")
			} else {
				err = checkID(len(m.id))
			}
		case requestParameters:
			err = m.parameter(f.bytes)
		case requestInputs:
			if m.inputs++; m.inputs == 1 {
				err = w.parseMessageInput(&m, f.bytes)
			}
		case requestOutputs:
			if m.outputs++; m.outputs == 1 {
				err = m.parseOutput(f.bytes)
			}
		case requestRaw:
			if m.raws++; m.raws == 1 {
				m.raw = f.bytes
			}
		}
		return err
	})
	return m, err
}

// parameter reads an entry of a map of parameters.
func (m *message) parameter(entry []byte) error {
	return eachField(entry, func(f field) error {
		if f.number == entryKey && f.kind == protowire.BytesType && m.parameterErr == nil {
			m.parameterErr = checkParameter(string(f.bytes))
		}
		return nil
	})
}

func (m *message) parseOutput(b []byte) error {
	return eachField(b, func(f field) error {
		switch {
		case f.kind != protowire.BytesType:
		case f.number == outputFieldName:
			m.output = f.bytes
		case f.number == outputFieldParameters:
			return m.parameter(f.bytes)
		}
		return nil
	})
}

func (w *workspace) parseMessageInput(m *message, b []byte) error {
	in := &m.input
	return eachField(b, func(f field) error {
		switch {
		case f.number == inputFieldShape:
			return in.parseShape(f)
		case f.kind != protowire.BytesType:
		case f.number == inputFieldName:
			in.name = f.bytes
		case f.number == inputFieldDatatype:
			in.datatype = f.bytes
		case f.number == inputFieldParameters:
			return m.parameter(f.bytes)
		case f.number == inputFieldContents:
			in.hasContents = true
			return eachField(f.bytes, w.parseContents)
		}
		return nil
	})
}

// parseShape reads numbers of a shape: several in one field, or one.
func (in *messageInput) parseShape(f field) error {
	switch f.kind {
	case protowire.VarintType:
		return in.appendShape(f.value)
	case protowire.BytesType:
		for b := f.bytes; len(b) > 0; {
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return faulty(n)
			}
			if err := in.appendShape(v); err != nil {
				return err
			}
			b = b[n:]
		}
	}
	return nil
}

func (in *messageInput) appendShape(v uint64) error {
	if len(in.shape) == maxRank {
		return failf(invalid, "input %.64q has a shape of more than %d numbers", in.name, maxRank)
	}
	in.shape = append(in.shape, int64(v))
	return nil
}

// parseContents reads elements of FP32: several in one field, or one. Those of other datatypes are left out.
func (w *workspace) parseContents(f field) error {
	switch {
	case f.number != contentsFP32:
	case f.kind == protowire.Fixed32Type:
		w.rows = append(w.rows, math.Float32frombits(uint32(f.value)))
	case f.kind == protowire.BytesType:
		if len(f.bytes)%floatBytes != 0 {
			return failf(invalid, "the fp32_contents have %d bytes, which are no floats", len(f.bytes))
		}
		w.appendRows(f.bytes)
	}
	return nil
}

// tensor checks a message, and leaves the features in w.rows.
func (w *workspace) tensor(m *server.Served, q *message) (rows int, err error) {
	switch {
	case q.parameterErr != nil:
		return 0, q.parameterErr
	case q.inputs != 1:
		return 0, failf(invalid, "the request has %d inputs: the model takes one, %q", q.inputs, inputName)
	case q.outputs > 1:
		return 0, failf(invalid, "the request asks for %d outputs: the model has one, %q", q.outputs, outputName)
	case q.outputs == 1:
		if err := checkOutput(m, string(q.output)); err != nil {
			return 0, err
		}
	}
	in := &q.input
	if rows, err = checkInput(m, string(in.name), string(in.datatype), in.shape); err != nil {
		return 0, err
	}
	switch {
	case in.hasContents && q.raws > 0:
		return 0, failf(invalid, "the request has contents of input %q and raw_input_contents: one of them is allowed", inputName)
	case q.raws > 1:
		return 0, failf(invalid, "the request has %d raw_input_contents, and 1 input", q.raws)
	case q.raws == 0:
		return rows, checkElements(m, rows, len(w.rows))
	}
	if err := checkBytes(m, rows, len(q.raw)); err != nil {
		return 0, err
	}
	w.copyRows(q.raw)
	return rows, nil
}

// codec reads a message into a workspace as it is, and leaves all others to package protobuf.
type codec struct{ encoding.CodecV2 }

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	w, is := v.(*workspace)
	if !is {
		if size := data.Len(); size > maxCallBytes {
			return failf(invalid, "the message has %d bytes: at most %d are allowed", size, maxCallBytes)
		}
		return c.CodecV2.Unmarshal(data, v)
	}
	if size := data.Len(); cap(w.body) < size {
		w.body = make([]byte, size)
	} else {
		w.body = w.body[:size]
	}
	data.CopyTo(w.body)
	return nil
}
