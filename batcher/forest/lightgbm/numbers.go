package lightgbm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// field takes the first field of a list that is separated by blanks.
func field(list []byte) (first, rest []byte) {
	list = bytes.TrimLeft(list, " \t")
	end := bytes.IndexByte(list, ' ')
	if end < 0 {
		return bytes.TrimRight(list, "\t"), nil
	}
	return list[:end], list[end+1:]
}

// whole parses a decimal integer of at most 15 digits.
func whole(text []byte) (int64, error) {
	digits := text
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return 0, fmt.Errorf("%q is no whole number", short(text))
	}
	n := int64(0)
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, fmt.Errorf("%q is no whole number", short(text))
		}
		n = n*10 + int64(d-'0')
	}
	if text[0] == '-' {
		n = -n
	}
	return n, nil
}

// decimal parses a number as LightGBM writes it, rounded to the nearest float64. It refuses NaN.
func decimal(text []byte) (float64, error) {
	switch string(text) {
	case "inf", "+inf":
		return math.Inf(1), nil
	case "-inf":
		return math.Inf(-1), nil
	case "nan", "-nan", "NaN":
		return 0, fmt.Errorf("%s is not supported", text)
	}
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
		case c == ',':
			return 0, fmt.Errorf("%q is no number: was it written with a decimal comma?", short(text))
		default:
			return 0, fmt.Errorf("%q is no number", short(text))
		}
	}
	x, err := strconv.ParseFloat(string(text), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is beyond a float64", short(text))
	case err != nil:
		return 0, fmt.Errorf("%q is no number", short(text))
	}
	return x, nil
}

// decimals appends the numbers of a list to dst[:0]. It stops after more than most.
func decimals(dst []float64, list []byte, most int) ([]float64, error) {
	dst = dst[:0]
	for len(dst) <= most {
		var text []byte
		if text, list = field(list); len(text) == 0 {
			break
		}
		x, err := decimal(text)
		if err != nil {
			return dst, fmt.Errorf("number %d: %w", len(dst), err)
		}
		dst = append(dst, x)
	}
	return dst, nil
}

// wholes appends the numbers of a list, which lie from low to high, to dst[:0]. It stops after
// more than most.
func wholes[N int32 | uint32](dst []N, list []byte, most int, low, high int64) ([]N, error) {
	dst = dst[:0]
	for len(dst) <= most {
		var text []byte
		if text, list = field(list); len(text) == 0 {
			break
		}
		n, err := whole(text)
		if err == nil && (n < low || n > high) {
			err = fmt.Errorf("%d is not from %d to %d", n, low, high)
		}
		if err != nil {
			return dst, fmt.Errorf("number %d: %w", len(dst), err)
		}
		dst = append(dst, N(n))
	}
	return dst, nil
}
