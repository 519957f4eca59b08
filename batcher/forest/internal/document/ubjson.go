package document

import (
	"fmt"
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

func (r *ubjsonReader) Close() error {
	for r.at('N') {
	}
	if r.pos < len(r.data) {
		return r.fail(r.pos, "something follows the end of the document")
	}
	return nil
}
