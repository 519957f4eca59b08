package cbm

import (
	"errors"
	"fmt"

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
