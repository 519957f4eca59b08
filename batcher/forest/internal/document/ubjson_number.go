package document

import (
	"encoding/binary"
	"math"
	"slices"
)

// sizeOf returns the bytes of a number with the mark, or 0 if it marks no number.
func sizeOf(mark byte) int {
	switch mark {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

// length reads a length or a count, which name says. What the document cannot hold is refused.
func (r *ubjsonReader) length(name string) (int, error) {
	at := r.pos
	if r.pos == len(r.data) {
		return 0, r.early()
	}
	mark := r.data[r.pos]
	r.pos++
	if sizeOf(mark) == 0 || mark == 'd' || mark == 'D' {
		return 0, r.fail(at, "the %s has the mark %q, which marks no whole number", name, mark)
	}
	n, err := r.whole(mark)
	switch {
	case err != nil:
		return 0, err
	case n < 0:
		return 0, r.fail(at, "the %s is %d", name, n)
	case n > int64(len(r.data)-r.pos):
		return 0, r.fail(at, "the %s is %d, with %d bytes left", name, n, len(r.data)-r.pos)
	}
	return int(n), nil
}

// number passes a number of so many bytes and returns them.
func (r *ubjsonReader) number(size int) ([]byte, error) {
	if len(r.data)-r.pos < size {
		return nil, r.early()
	}
	b := r.data[r.pos : r.pos+size]
	r.pos += size
	return b, nil
}

// whole reads a whole number with the mark.
func (r *ubjsonReader) whole(mark byte) (int64, error) {
	b, err := r.number(sizeOf(mark))
	if err != nil {
		return 0, err
	}
	return wholeAt(b, mark), nil
}

func wholeAt(b []byte, mark byte) int64 {
	switch mark {
	case 'i':
		return int64(int8(b[0]))
	case 'U':
		return int64(b[0])
	case 'I':
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return int64(int32(binary.BigEndian.Uint32(b)))
	}
	return int64(binary.BigEndian.Uint64(b))
}

// value returns the mark and the bytes of the number that comes next.
func (r *ubjsonReader) value() (mark byte, b []byte, err error) {
	if err := r.expect(Number); err != nil {
		return 0, nil, err
	}
	mark, _ = r.mark()
	if mark == 'H' {
		return 0, nil, r.fail(r.pos, "a number as decimal text, which is not supported")
	}
	r.passMark()
	b, err = r.number(sizeOf(mark))
	return mark, b, err
}

func (r *ubjsonReader) Float32() (float32, error) {
	at := r.pos
	mark, b, err := r.value()
	if err != nil {
		return 0, err
	}
	return r.float32At(at, b, mark)
}

// float32At converts the number with the mark, which lies at a position of the document.
func (r *ubjsonReader) float32At(at int, b []byte, mark byte) (float32, error) {
	switch mark {
	case 'd':
		return math.Float32frombits(binary.BigEndian.Uint32(b)), nil
	case 'D':
		x := math.Float64frombits(binary.BigEndian.Uint64(b))
		if math.IsInf(float64(float32(x)), 0) && !math.IsInf(x, 0) {
			return 0, r.fail(at, "%v is beyond float32", x)
		}
		return float32(x), nil
	}
	return float32(wholeAt(b, mark)), nil
}

func (r *ubjsonReader) Float64() (float64, error) {
	mark, b, err := r.value()
	if err != nil {
		return 0, err
	}
	return r.float64At(0, b, mark)
}

// float64At is like float32At, and never fails.
func (r *ubjsonReader) float64At(_ int, b []byte, mark byte) (float64, error) {
	switch mark {
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case 'D':
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return float64(wholeAt(b, mark)), nil
}

func (r *ubjsonReader) Int32() (int32, error) {
	at := r.pos
	mark, b, err := r.value()
	if err != nil {
		return 0, err
	}
	return r.int32At(at, b, mark)
}

func (r *ubjsonReader) int32At(at int, b []byte, mark byte) (int32, error) {
	if mark == 'd' || mark == 'D' {
		x, _ := r.float32At(at, b, mark)
		return 0, r.fail(at, "the floating-point number %v where a whole number belongs", x)
	}
	x := wholeAt(b, mark)
	if x != int64(int32(x)) {
		return 0, r.fail(at, "%d is beyond 32 bits", x)
	}
	return int32(x), nil
}

func (r *ubjsonReader) Flag() (bool, error) {
	kind, err := r.Kind()
	if err != nil {
		return false, err
	}
	if kind == Bool {
		mark, _ := r.mark()
		r.passMark()
		return mark == 'T', nil
	}
	at := r.pos
	if kind != Number {
		return false, r.expect(Bool)
	}
	x, err := r.Int32()
	if err == nil && x != 0 && x != 1 {
		err = r.fail(at, "%d is neither 0 nor 1", x)
	}
	return x == 1, err
}

func (r *ubjsonReader) Float32s(dst []float32) ([]float32, error) {
	return block(r, dst, r.float32At, r.Float32)
}

func (r *ubjsonReader) Float64s(dst []float64) ([]float64, error) {
	return block(r, dst, r.float64At, r.Float64)
}

func (r *ubjsonReader) Int32s(dst []int32) ([]int32, error) {
	return block(r, dst, r.int32At, r.Int32)
}

// block reads an array whose elements have one type in one go, and any other element by element.
func block[T any](r *ubjsonReader, dst []T, at func(int, []byte, byte) (T, error), read func() (T, error)) ([]T, error) {
	if err := r.Open(Array); err != nil {
		return dst, err
	}
	c := r.open[r.depth-1]
	if c.element == 0 {
		return rest(r, dst, read)
	}
	r.depth--
	size := sizeOf(c.element)
	dst = slices.Grow(dst, c.left)
	for i := range c.left { // Open has seen that the bytes are there
		x, err := at(r.pos, r.data[r.pos:r.pos+size], c.element)
		if err != nil {
			return dst, inElement(i, err)
		}
		dst = append(dst, x)
		r.pos += size
	}
	return dst, nil
}
