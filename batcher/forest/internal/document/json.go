package document

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
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

func (r *jsonReader) Text() (string, error) {
	if err := r.expect(String); err != nil {
		return "", err
	}
	text, err := r.text()
	return strings.ToValidUTF8(string(text), "\uFFFD"), err
}

// text reads a string. The result refers to the document unless there are escapes in it.
func (r *jsonReader) text() ([]byte, error) {
	end, err := r.textEnd()
	if err != nil {
		return nil, err
	}
	text := r.data[r.pos+1 : end]
	r.pos = end + 1
	if bytes.IndexByte(text, '\\') < 0 {
		return text, nil
	}
	return unescape(text)
}

// textEnd returns the position of the quote that ends the string at pos.
func (r *jsonReader) textEnd() (int, error) {
	for i := r.pos + 1; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			return i, nil
		case c == '\\':
			i++
		case c < ' ':
			r.pos = i
			return 0, r.fail("a string with the control character %#x", c)
		}
	}
	r.pos = len(r.data)
	return 0, r.fail("")
}

var errEscape = errors.New(`a string with an escape that is not JSON's`)

func unescape(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++ // textEnd ensures that a byte follows
		if text[i] == 'u' {
			unit, ok := hex4(text, i+1)
			if !ok { // XGBoost does not escape the backslash of \u in a name
				out = append(out, `\u`...)
				continue
			}
			i += 4
			r := rune(unit)
			if utf16.IsSurrogate(r) {
				r = utf8.RuneError
				if low, ok := hex4(text, i+3); ok && text[i+1] == '\\' && text[i+2] == 'u' {
					if pair := utf16.DecodeRune(rune(unit), rune(low)); pair != utf8.RuneError {
						r = pair
						i += 6
					}
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		k := strings.IndexByte(`"\/bfnrt`, text[i])
		if k < 0 {
			return nil, errEscape
		}
		out = append(out, "\"\\/\b\f\n\r\t"[k])
	}
	return out, nil
}

// hex4 returns the number of four hexadecimal digits.
func hex4(text []byte, at int) (uint16, bool) {
	if at+4 > len(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[at:at+4]), 16, 16)
	return uint16(n), err == nil
}

// token returns the bytes of a number or a word at the position.
func (r *jsonReader) token() []byte {
	end := r.pos
	for end < len(r.data) {
		c := r.data[end]
		if c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		end++
	}
	return r.data[r.pos:end]
}

func (r *jsonReader) Float32() (float32, error) {
	if err := r.expect(Number); err != nil {
		return 0, err
	}
	token := r.token()
	x, err := parseFloat32(token)
	if err != nil {
		return 0, r.fail("%w", err)
	}
	r.pos += len(token)
	return x, nil
}

func parseFloat32(token []byte) (float32, error) {
	switch string(token) {
	case "NaN":
		return float32(math.NaN()), nil
	case "Infinity":
		return float32(math.Inf(1)), nil
	case "-Infinity":
		return float32(math.Inf(-1)), nil
	}
	for _, c := range token {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return 0, fmt.Errorf("%s is no number", clip(token))
		}
	}
	x, err := strconv.ParseFloat(string(token), 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is beyond float32", token[:min(len(token), 60)])
	}
	if err != nil {
		return 0, fmt.Errorf("%s is no number", clip(token))
	}
	return float32(x), nil
}

func (r *jsonReader) Int32() (int32, error) {
	if err := r.expect(Number); err != nil {
		return 0, err
	}
	token := r.token()
	x, err := strconv.ParseInt(string(token), 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		return 0, r.fail("%s is beyond 32 bits", token[:min(len(token), 60)])
	}
	if err != nil {
		return 0, r.fail("%s is no whole number", clip(token))
	}
	r.pos += len(token)
	return int32(x), nil
}

func (r *jsonReader) Flag() (bool, error) {
	if kind, err := r.Kind(); err != nil {
		return false, err
	} else if kind != Bool && kind != Number {
		return false, r.expect(Bool)
	}
	token := r.token()
	switch string(token) {
	case "true", "1":
		r.pos += len(token)
		return true, nil
	case "false", "0":
		r.pos += len(token)
		return false, nil
	}
	return false, r.fail("%s is neither 0 nor 1", clip(token))
}

func (r *jsonReader) Float32s(dst []float32) ([]float32, error) {
	return elements(r, dst, r.Float32)
}

func (r *jsonReader) Int32s(dst []int32) ([]int32, error) {
	return elements(r, dst, r.Int32)
}

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

func (r *jsonReader) skipText() error {
	end, err := r.textEnd()
	if err == nil {
		r.pos = end + 1
	}
	return err
}

func (r *jsonReader) Close() error {
	r.next()
	if r.pos < len(r.data) {
		return r.fail("something follows the end of the document")
	}
	return nil
}
