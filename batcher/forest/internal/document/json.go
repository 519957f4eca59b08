package document

import (
	"fmt"
)

// jsonReader reads JSON (RFC 8259), and the numbers NaN, Infinity and -Infinity as XGBoost
// writes them.
type jsonReader struct {
	data   []byte
	pos    int
	depth  int
	arrays uint32 // bit i: the container at depth i is an array
	first  bool   // nothing of the innermost container has been read
}

// fail describes a fault at the position.
func (r *jsonReader) fail(format string, args ...any) error {
	if r.pos >= len(r.data) {
		return fmt.Errorf("the file ends early, at byte %d", len(r.data))
	}
	return fmt.Errorf(format+" (byte %d)", append(args, r.pos)...)
}

// next returns the first byte of the next token, or 0 at the end.
func (r *jsonReader) next() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

func (r *jsonReader) Kind() (Kind, error) {
	switch c := r.next(); {
	case c == '{':
		return Object, nil
	case c == '[':
		return Array, nil
	case c == '"':
		return String, nil
	case c == '-', c >= '0' && c <= '9', c == 'N', c == 'I':
		return Number, nil
	case c == 't', c == 'f':
		return Bool, nil
	case c == 'n':
		return Null, nil
	}
	return 0, r.fail("no value of JSON begins with %s", clip(r.data[r.pos:min(r.pos+1, len(r.data))]))
}

// expect fails unless the next value is of the kind.
func (r *jsonReader) expect(want Kind) error {
	kind, err := r.Kind()
	switch {
	case err != nil:
		return err
	case kind == want:
		return nil
	case kind == String:
		at := r.pos
		text, err := r.Text()
		if err != nil {
			return err
		}
		r.pos = at
		return r.fail("the string %s where %v belongs", clip(text), want)
	case kind == Bool || kind == Number || kind == Null:
		return r.fail("%s where %v belongs", r.token(), want)
	}
	return misplaced(r, r.fail("%v where %v belongs", kind, want))
}

func (r *jsonReader) Open(kind Kind) error {
	if err := r.expect(kind); err != nil {
		return err
	}
	if r.depth == MaxDepth {
		return r.fail("%w", errDepth)
	}
	r.arrays &^= 1 << r.depth
	if kind == Array {
		r.arrays |= 1 << r.depth
	}
	r.depth++
	r.pos++
	r.first = true
	return nil
}

// another passes the comma before an element of the innermost container, or its end.
func (r *jsonReader) another(end byte) (bool, error) {
	c := r.next()
	first := r.first
	r.first = false
	switch {
	case c == end:
		r.pos++
		r.depth--
		return false, nil
	case first:
		return true, nil
	case c == ',':
		r.pos++
		return true, nil
	}
	return false, r.fail("%s where a comma or %c belongs", clip(r.data[r.pos:min(r.pos+1, len(r.data))]), end)
}

func (r *jsonReader) Key() ([]byte, bool, error) {
	ok, err := r.another('}')
	if !ok || err != nil {
		return nil, false, err
	}
	if err := r.expect(String); err != nil {
		return nil, false, err
	}
	key, err := r.text()
	if err != nil {
		return nil, false, err
	}
	if r.next() != ':' {
		return nil, false, r.fail("no colon after the key %s", clip(key))
	}
	r.pos++
	return key, true, nil
}

func (r *jsonReader) More() (bool, error) { return r.another(']') }

func (r *jsonReader) Skip() error {
	kind, err := r.Kind()
	switch {
	case err != nil:
		return err
	case kind == String:
		return r.skipText()
	case kind == Object, kind == Array:
		return r.skipContainer()
	}
	r.pos += len(r.token())
	return nil
}

// skipContainer looks only at strings and brackets: what is skipped matters to nobody, but its
// end must be found.
func (r *jsonReader) skipContainer() error {
	depth, arrays := r.depth, r.arrays
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case '"':
			if err := r.skipText(); err != nil {
				return err
			}
			continue
		case '{', '[':
			if depth == MaxDepth {
				return r.fail("%w", errDepth)
			}
			arrays &^= 1 << depth
			if c == '[' {
				arrays |= 1 << depth
			}
			depth++
		case '}', ']':
			depth--
			if (c == ']') != (arrays&(1<<depth) != 0) {
				return r.fail("%c ends what it did not begin", c)
			}
		}
		r.pos++
		if depth == r.depth {
			return nil
		}
	}
	return r.fail("")
}

func (r *jsonReader) Close() error {
	r.next()
	if r.pos < len(r.data) {
		return r.fail("something follows the end of the document")
	}
	return nil
}
