package document

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

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
	x, err := r.float(32)
	return float32(x), err
}

func (r *jsonReader) Float64() (float64, error) { return r.float(64) }

// float reads a number, rounded to so many bits.
func (r *jsonReader) float(bits int) (float64, error) {
	if err := r.expect(Number); err != nil {
		return 0, err
	}
	token := r.token()
	x, err := parseFloat(token, bits)
	if err != nil {
		return 0, r.fail("%w", err)
	}
	r.pos += len(token)
	return x, nil
}

func parseFloat(token []byte, bits int) (float64, error) {
	switch string(token) {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	for _, c := range token {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return 0, fmt.Errorf("%s is no number", clip(token))
		}
	}
	x, err := strconv.ParseFloat(string(token), bits)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is beyond float%d", token[:min(len(token), 60)], bits)
	}
	if err != nil {
		return 0, fmt.Errorf("%s is no number", clip(token))
	}
	return x, nil
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

func (r *jsonReader) Float64s(dst []float64) ([]float64, error) {
	return elements(r, dst, r.Float64)
}

func (r *jsonReader) Int32s(dst []int32) ([]int32, error) {
	return elements(r, dst, r.Int32)
}
