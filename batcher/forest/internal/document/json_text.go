package document

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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

func (r *jsonReader) skipText() error {
	end, err := r.textEnd()
	if err == nil {
		r.pos = end + 1
	}
	return err
}
