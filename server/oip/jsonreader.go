package oip

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// maxDepth is how deep objects and arrays may lie in each other.
const maxDepth = 32

// jsonReader reads a JSON text from its beginning to its end, value by value. It copies nothing but strings,
// and it reads thousands of numbers several times as fast as encoding/json.
type jsonReader struct {
	text  []byte
	at    int
	depth int // of the objects and arrays that are open
}

// wrong returns an error that says where the text is not what is expected.
func (r *jsonReader) wrong(expected string) error {
	if r.at >= len(r.text) {
		return failf(invalid, "the JSON ends at byte %d, and %s is expected", r.at, expected)
	}
	return failf(invalid, "the JSON has %q at byte %d, and %s is expected", r.text[r.at], r.at, expected)
}

// next returns the next byte that is no space, or 0 at the end.
func (r *jsonReader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take reads c, if it is next.
func (r *jsonReader) take(c byte) bool {
	if r.next() != c || r.at >= len(r.text) {
		return false
	}
	r.at++
	return true
}

// end returns an error unless nothing but spaces is left.
func (r *jsonReader) end() error {
	if r.next(); r.at < len(r.text) {
		return r.wrong("the end")
	}
	return nil
}

// object reads an object. member is called with each name, and reads the value.
func (r *jsonReader) object(member func(name string) error) error {
	return r.list('{', '}', "an object", func() error {
		r.next()
		name, err := r.string()
		if err != nil {
			return err
		}
		if !r.take(':') {
			return r.wrong("a colon")
		}
		return member(name)
	})
}

// array reads an array. element is called for each element, and reads it.
func (r *jsonReader) array(element func() error) error { return r.list('[', ']', "an array", element) }

func (r *jsonReader) list(first, last byte, what string, each func() error) error {
	if !r.take(first) {
		return r.wrong(what)
	}
	if r.depth++; r.depth > maxDepth {
		return failf(invalid, "the JSON has more than %d objects and arrays in each other at byte %d", maxDepth, r.at)
	}
	if !r.take(last) {
		for {
			if err := each(); err != nil {
				return err
			}
			if r.take(last) {
				break
			}
			if !r.take(',') {
				return r.wrong("a comma")
			}
		}
	}
	r.depth--
	return nil
}

// string reads a string.
func (r *jsonReader) string() (string, error) {
	if r.next() != '"' {
		return "", r.wrong("a string")
	}
	begin, plain := r.at, true
	for i := begin + 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			if plain {
				return string(r.text[begin+1 : i]), nil
			}
			var s string
			if err := json.Unmarshal(r.text[begin:r.at], &s); err != nil {
				r.at = begin
				return "", r.wrong("a string without faulty escapes")
			}
			return s, nil
		case c == '\\':
			plain = false
			i++ // what follows does not end the string
		case c < ' ' || c >= 0x80: // not allowed, or UTF-8 that may be faulty
			plain = false
		}
	}
	r.at = len(r.text)
	return "", r.wrong("the end of a string")
}

// boolean reads true or false.
func (r *jsonReader) boolean() (bool, error) {
	switch {
	case r.word("true"):
		return true, nil
	case r.word("false"):
		return false, nil
	}
	return false, r.wrong("true or false")
}

// word reads a word, if it is next.
func (r *jsonReader) word(w string) bool {
	r.next()
	if len(r.text)-r.at < len(w) || string(r.text[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// integer reads a whole number.
func (r *jsonReader) integer() (int64, error) {
	begin := r.at
	token, err := r.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(token), 10, 64)
	if err != nil {
		r.at = begin
		r.next()
		return 0, r.wrong("a whole number")
	}
	return n, nil
}

// float32 reads a number as the nearest float32. It also reads NaN, Infinity and -Infinity, which are no JSON,
// but which Python and Triton write and read, and null as NaN, which is how KServe's client writes it.
func (r *jsonReader) float32() (float32, error) {
	switch r.next() {
	case 'N':
		if r.word("NaN") {
			return float32(math.NaN()), nil
		}
	case 'n':
		if r.word("null") {
			return float32(math.NaN()), nil
		}
	case 'I':
		if r.word("Infinity") {
			return float32(math.Inf(1)), nil
		}
	case '-':
		if r.word("-Infinity") {
			return float32(math.Inf(-1)), nil
		}
	}
	begin := r.at
	token, err := r.number()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(token), 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, failf(invalid, "the number at byte %d is larger than any of %s", begin, fp32)
	}
	return float32(f), nil
}

// number reads a number and returns its text.
func (r *jsonReader) number() ([]byte, error) {
	r.next()
	begin := r.at
	if r.at < len(r.text) && r.text[r.at] == '-' {
		r.at++
	}
	if r.at < len(r.text) && r.text[r.at] == '0' { // no digit may follow
		r.at++
	} else if r.digits() == 0 {
		return nil, r.wrong("a number")
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		if r.digits() == 0 {
			return nil, r.wrong("a digit")
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if r.digits() == 0 {
			return nil, r.wrong("a digit")
		}
	}
	return r.text[begin:r.at], nil
}

// digits reads digits and returns how many there are.
func (r *jsonReader) digits() (n int) {
	for ; r.at < len(r.text) && r.text[r.at]-'0' <= 9; r.at++ {
		n++
	}
	return n
}

// skip reads any value.
func (r *jsonReader) skip() (err error) {
	switch c := r.next(); {
	case c == '{':
		return r.object(func(string) error { return r.skip() })
	case c == '[':
		return r.array(r.skip)
	case c == '"':
		_, err = r.string()
	case c == 't', c == 'f':
		_, err = r.boolean()
	case c == 'n':
		if !r.word("null") {
			err = r.wrong("null")
		}
	default:
		_, err = r.number()
	}
	return err
}
