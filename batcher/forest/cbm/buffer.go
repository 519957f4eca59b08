package cbm

import (
	"errors"
	"fmt"
	"strings"

	flatbuffers "github.com/google/flatbuffers/go"
)

// buffer is a flatbuffer of which nothing is believed. What lies beyond its end reads as if it were
// not there, and err keeps the first such thing.
//
// The library does not check what it reads. Here a table is checked when it is opened, and a field
// when it is read, so that the library stays inside data.
type buffer struct {
	data []byte
	err  error

	// free is how many bytes vectors may still have together. CatBoost writes no byte that belongs
	// to two of them, so all together are no larger than data. It bounds the work on a file.
	free int
}

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

var errBeyond = errors.New("lies beyond the end: the file is damaged")

func (b *buffer) fail(where string, err error) {
	if b.err == nil {
		b.err = fmt.Errorf("%s: %w", where, err)
	}
}

// inside reports whether count elements lie in the buffer.
func (b *buffer) inside(at, count int64, size int) bool {
	return at >= 0 && at <= int64(len(b.data)) && count <= (int64(len(b.data))-at)/int64(size)
}

// follow returns where the offset at at leads, which must have room for four bytes.
func (b *buffer) follow(at int64) (int64, bool) {
	if !b.inside(at, 1, 4) {
		return 0, false
	}
	to := at + int64(flatbuffers.GetUint32(b.data[at:]))
	return to, b.inside(to, 1, 4)
}

// root opens the outermost table.
func (b *buffer) root(name string) *table { return b.open(0, name) }

// open opens the table that the offset at at leads to.
func (b *buffer) open(at int64, name string) *table {
	t := &table{buffer: b, name: name}
	pos, ok := b.follow(at)
	if !ok {
		b.fail(name, errBeyond)
		return t
	}
	fields := pos - int64(flatbuffers.GetInt32(b.data[pos:])) // the places of the fields
	if !b.inside(fields, 2, 2) {
		b.fail(name, errBeyond)
		return t
	}
	placesBytes := flatbuffers.GetUint16(b.data[fields:])
	size := flatbuffers.GetUint16(b.data[fields+2:])
	if placesBytes < 4 || placesBytes%2 != 0 || !b.inside(fields, int64(placesBytes), 1) || !b.inside(pos, int64(size), 1) {
		b.fail(name, errBeyond)
		return t
	}
	t.Bytes, t.Pos, t.size = b.data, flatbuffers.UOffsetT(pos), int(size)
	return t
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

// vector returns the elements in a field, of so many bytes each, and where they start.
func (t *table) vector(f field, size int) (elements []byte, start int64) {
	at, ok := t.at(f, 4)
	if !ok {
		return nil, 0
	}
	b := t.buffer
	start, ok = b.follow(int64(at))
	if !ok {
		t.fail(f, errBeyond)
		return nil, 0
	}
	count := int64(flatbuffers.GetUint32(b.data[start:]))
	start += 4
	if !b.inside(start, count, size) {
		t.fail(f, errBeyond)
		return nil, 0
	}
	bytes := int(count) * size
	if b.free -= bytes; b.free < 0 {
		t.fail(f, errors.New("has bytes that other parts of the file have too: the file is damaged"))
		return nil, 0
	}
	return b.data[start : start+int64(bytes)], start
}

// The numbers of a vector, as they lie in the file.
type (
	int32s   []byte
	float32s []byte
	float64s []byte
)

func (v int32s) count() int            { return len(v) / 4 }
func (v int32s) at(i int) int32        { return flatbuffers.GetInt32(v[4*i:]) }
func (v float32s) count() int          { return len(v) / 4 }
func (v float32s) at(i int) float32    { return flatbuffers.GetFloat32(v[4*i:]) }
func (v float64s) count() int          { return len(v) / 8 }
func (v float64s) at(i int) float64    { return flatbuffers.GetFloat64(v[8*i:]) }
func (t *table) int32s(f field) int32s { v, _ := t.vector(f, 4); return v }

func (t *table) float32s(f field) float32s { v, _ := t.vector(f, 4); return v }
func (t *table) float64s(f field) float64s { v, _ := t.vector(f, 8); return v }
