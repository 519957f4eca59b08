package document

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ubjsonReader reads UBJSON (draft 12), in which numbers are big-endian. Arrays and objects may
// have a count, and with it a type if this is one of the numbers.
type ubjsonReader struct {
	data  []byte
	pos   int
	typed byte // the mark of the next value, if its container has it
	depth int
	open  [MaxDepth]container
}

// container is an array or object that has been entered.
type container struct {
	kind    Kind
	counted bool
	left    int  // elements to come, if counted
	element byte // the mark of each element; 0: each has its own
}

func (r *ubjsonReader) fail(at int, format string, args ...any) error {
	return fmt.Errorf(format+" (byte %d)", append(args, at)...)
}

func (r *ubjsonReader) early() error {
	return fmt.Errorf("the file ends early, at byte %d", len(r.data))
}

// mark returns the mark of the next value.
func (r *ubjsonReader) mark() (byte, error) {
	if r.typed != 0 {
		return r.typed, nil
	}
	for r.pos < len(r.data) && r.data[r.pos] == 'N' { // no operation
		r.pos++
	}
	if r.pos == len(r.data) {
		return 0, r.early()
	}
	return r.data[r.pos], nil
}

// passMark passes the mark, so that the position is at the value.
func (r *ubjsonReader) passMark() {
	if r.typed == 0 {
		r.pos++
	}
	r.typed = 0
}

func (r *ubjsonReader) Kind() (Kind, error) {
	mark, err := r.mark()
	if err != nil {
		return 0, err
	}
	switch mark {
	case '{':
		return Object, nil
	case '[':
		return Array, nil
	case 'S', 'C':
		return String, nil
	case 'i', 'U', 'I', 'l', 'L', 'd', 'D', 'H':
		return Number, nil
	case 'T', 'F':
		return Bool, nil
	case 'Z':
		return Null, nil
	}
	return 0, r.fail(r.pos, "%q is no mark of UBJSON", mark)
}

func (r *ubjsonReader) expect(want Kind) error {
	kind, err := r.Kind()
	if err != nil {
		return err
	}
	if kind == want {
		return nil
	}
	return misplaced(r, r.fail(r.pos, "%v where %v belongs", kind, want))
}

func (r *ubjsonReader) Open(kind Kind) error {
	if err := r.expect(kind); err != nil {
		return err
	}
	if r.depth == MaxDepth {
		return r.fail(r.pos, "%w", errDepth)
	}
	r.passMark()
	c := &r.open[r.depth]
	*c = container{kind: kind}
	if err := r.header(c); err != nil {
		return err
	}
	r.depth++
	return nil
}

// header reads the type and the count of the elements of c, if they are there.
func (r *ubjsonReader) header(c *container) error {
	size := 1 // of an element, at least
	if c.kind == Object {
		size = 2
	}
	if r.at('$') {
		if r.pos == len(r.data) {
			return r.early()
		}
		c.element = r.data[r.pos]
		if sizeOf(c.element) == 0 {
			return r.fail(r.pos, "elements of the type %q: numbers alone are supported", c.element)
		}
		if c.kind == Array {
			size = sizeOf(c.element)
		}
		r.pos++
	}
	at := r.pos
	if !r.at('#') {
		if c.element != 0 {
			return r.fail(at, "a type of elements without a count")
		}
		return nil
	}
	count, err := r.length("count")
	if err != nil {
		return err
	}
	if count > (len(r.data)-r.pos)/size {
		return r.fail(at, "the count is %d elements of at least %d bytes, with %d bytes left", count, size, len(r.data)-r.pos)
	}
	c.counted, c.left = true, count
	return nil
}

// at passes the mark if it is the next byte.
func (r *ubjsonReader) at(mark byte) bool {
	if r.pos < len(r.data) && r.data[r.pos] == mark {
		r.pos++
		return true
	}
	return false
}

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

func (r *ubjsonReader) Key() ([]byte, bool, error) {
	if more, err := r.another('}'); !more || err != nil {
		return nil, false, err
	}
	typed := r.typed
	r.typed = 0
	key, err := r.bytes()
	r.typed = typed
	return key, true, err
}

func (r *ubjsonReader) More() (bool, error) { return r.another(']') }

// another reports whether the innermost container has another element. If not, it is left.
func (r *ubjsonReader) another(end byte) (bool, error) {
	c := &r.open[r.depth-1]
	if c.counted {
		if c.left == 0 {
			r.depth--
			return false, nil
		}
		c.left--
		r.typed = c.element
		return true, nil
	}
	mark, err := r.mark()
	if err != nil {
		return false, err
	}
	if mark != end {
		return true, nil
	}
	r.pos++
	r.depth--
	return false, nil
}

// bytes reads a length and so many bytes.
func (r *ubjsonReader) bytes() ([]byte, error) {
	n, err := r.length("length")
	if err != nil {
		return nil, err
	}
	return r.number(n)
}

func (r *ubjsonReader) Text() (string, error) {
	if err := r.expect(String); err != nil {
		return "", err
	}
	mark, _ := r.mark()
	r.passMark()
	var b []byte
	var err error
	if mark == 'C' {
		b, err = r.number(1)
	} else {
		b, err = r.bytes()
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), err
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

// Skip enters the containers that it passes, and so finds their ends.
func (r *ubjsonReader) Skip() error {
	for bottom := r.depth; ; {
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		if kind == Object || kind == Array {
			err = r.Open(kind)
		} else {
			err = r.skipScalar()
		}
		if err != nil {
			return err
		}
		if err := r.leave(bottom); err != nil || r.depth == bottom {
			return err
		}
	}
}

// leave leaves the containers above the depth that have no more elements.
func (r *ubjsonReader) leave(bottom int) error {
	for r.depth > bottom {
		c := &r.open[r.depth-1]
		if c.kind == Array && c.element != 0 {
			r.pos += c.left * sizeOf(c.element)
			c.left = 0
		}
		more, err := false, error(nil)
		if c.kind == Array {
			more, err = r.More()
		} else {
			_, more, err = r.Key()
		}
		if more || err != nil {
			return err
		}
	}
	return nil
}

func (r *ubjsonReader) skipScalar() error {
	mark, _ := r.mark()
	r.passMark()
	var err error
	switch {
	case mark == 'S' || mark == 'H':
		_, err = r.bytes()
	case mark == 'C':
		_, err = r.number(1)
	default: // a word has no bytes
		_, err = r.number(sizeOf(mark))
	}
	return err
}

func (r *ubjsonReader) Close() error {
	for r.at('N') {
	}
	if r.pos < len(r.data) {
		return r.fail(r.pos, "something follows the end of the document")
	}
	return nil
}
