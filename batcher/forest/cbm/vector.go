package cbm

import (
	"errors"

	flatbuffers "github.com/google/flatbuffers/go"
)

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

func (v int32s) count() int         { return len(v) / 4 }
func (v int32s) at(i int) int32     { return flatbuffers.GetInt32(v[4*i:]) }
func (v float32s) count() int       { return len(v) / 4 }
func (v float32s) at(i int) float32 { return flatbuffers.GetFloat32(v[4*i:]) }
func (v float64s) count() int       { return len(v) / 8 }
func (v float64s) at(i int) float64 { return flatbuffers.GetFloat64(v[8*i:]) }

func (t *table) int32s(f field) int32s     { v, _ := t.vector(f, 4); return v }
func (t *table) float32s(f field) float32s { v, _ := t.vector(f, 4); return v }
func (t *table) float64s(f field) float64s { v, _ := t.vector(f, 8); return v }
