package cbm

import (
	"fmt"
	"strings"

	flatbuffers "github.com/google/flatbuffers/go"
)

// field is a field of a table, in the order of CatBoost's schema.
type field struct {
	slot int
	name string
}

// table is a table in a buffer. One that is not there has no fields.
type table struct {
	flatbuffers.Table
	buffer *buffer
	size   int // of the fields' bytes from Pos on; 0: it is not there
	name   string
}

// at returns where in the buffer the bytes of a field are, or false if it is not there.
func (t *table) at(f field, size int) (flatbuffers.UOffsetT, bool) {
	if t.size == 0 {
		return 0, false
	}
	offset := t.Offset(flatbuffers.VOffsetT(4 + 2*f.slot))
	switch {
	case offset == 0:
		return 0, false
	case int(offset)+size > t.size:
		t.fail(f, errBeyond)
		return 0, false
	}
	return t.Pos + flatbuffers.UOffsetT(offset), true
}

func (t *table) fail(f field, err error) { t.buffer.fail(t.name+"."+f.name, err) }

func (t *table) int8(f field) int8 {
	if at, ok := t.at(f, 1); ok {
		return t.GetInt8(at)
	}
	return 0
}

func (t *table) int32(f field, otherwise int32) int32 {
	if at, ok := t.at(f, 4); ok {
		return t.GetInt32(at)
	}
	return otherwise
}

func (t *table) float64(f field, otherwise float64) float64 {
	if at, ok := t.at(f, 8); ok {
		return t.GetFloat64(at)
	}
	return otherwise
}

// table opens the table in a field.
func (t *table) table(f field) *table {
	at, ok := t.at(f, 4)
	if !ok {
		return &table{buffer: t.buffer}
	}
	return t.buffer.open(int64(at), f.name)
}

// text returns the text in a field, and "" if there is none.
func (t *table) text(f field) string {
	text, _ := t.vector(f, 1)
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// tables calls do for each table in a vector, until something is wrong.
func (t *table) tables(f field, do func(i int, one *table) error) error {
	offsets, start := t.vector(f, 4)
	for i := 0; i < len(offsets)/4 && t.buffer.err == nil; i++ {
		one := t.buffer.open(start+4*int64(i), fmt.Sprintf("%s[%d]", f.name, i))
		if err := do(i, one); err != nil {
			return err
		}
	}
	return t.buffer.err
}
