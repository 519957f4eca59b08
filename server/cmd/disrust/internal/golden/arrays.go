package golden

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/wire"
)

// takeRows takes the array rows: float32, [count, dim].
func (v *vectors) takeRows(arrays map[string]rowfile.Content) error {
	a, err := floats(arrays, "rows")
	switch {
	case err != nil:
		return err
	case len(a.Shape) != 2:
		return fmt.Errorf("rows have %d dimensions; allowed are 2, rows and features", len(a.Shape))
	case a.Shape[1] != int64(v.shape.Dim):
		return fmt.Errorf("rows have %d features, and the model takes %d", a.Shape[1], v.shape.Dim)
	case a.Shape[0] == 0:
		return errors.New("there are no rows: leave the file out if there is nothing to check")
	}
	v.count = int(a.Shape[0])
	v.rows, err = values(a, "rows")
	return err
}

// takeScores takes the array scores: float32, [count] or [count, outputs].
func (v *vectors) takeScores(arrays map[string]rowfile.Content) error {
	a, err := floats(arrays, "scores")
	if err != nil {
		return err
	}
	want := []int64{int64(v.count), int64(v.shape.Outputs)}
	if !slices.Equal(a.Shape, want) && (v.shape.Outputs > 1 || !slices.Equal(a.Shape, want[:1])) {
		return fmt.Errorf("scores have the shape %v, and the model gives %v for these rows", a.Shape, want)
	}
	v.scores, err = values(a, "scores")
	return err
}

// takeTolerance takes the array tolerance, if there is one: a float64.
func (v *vectors) takeTolerance(arrays map[string]rowfile.Content) error {
	a, given := arrays["tolerance"]
	if !given {
		return nil
	}
	delete(arrays, "tolerance")
	if a.DType != "<f8" || len(a.Data) != 8 {
		return fmt.Errorf("tolerance has the dtype %s and the shape %v; allowed is one float64", a.DType, a.Shape)
	}
	v.tolerance = math.Float64frombits(binary.LittleEndian.Uint64(a.Data))
	if !(v.tolerance >= 0) || math.IsInf(v.tolerance, 1) {
		return fmt.Errorf("tolerance is %v; allowed is 0 or more", v.tolerance)
	}
	return nil
}

// takeKind takes the array kind, if there is one, which must be the model's: raw, prob or class as
// text, or its number in the protocol.
func (v *vectors) takeKind(arrays map[string]rowfile.Content) error {
	a, given := arrays["kind"]
	if !given {
		return nil
	}
	delete(arrays, "kind")
	text, err := word(a)
	if err != nil {
		return fmt.Errorf("kind has the dtype %s and the shape %v; allowed is one text or whole number", a.DType, a.Shape)
	}
	for _, kind := range kinds {
		if text != kind.String() && text != strconv.Itoa(int(kind)) {
			continue
		}
		if v.shape.Kind != kind && v.shape.Kind != wire.Unstated {
			return fmt.Errorf("the scores are of the kind %v, and the model gives %v (--output)", kind, v.shape.Kind)
		}
		return nil
	}
	return fmt.Errorf("kind is %q; allowed are raw, prob and class", text)
}

// floats removes an array of float32 from arrays.
func floats(arrays map[string]rowfile.Content, name string) (rowfile.Content, error) {
	a, given := arrays[name]
	delete(arrays, name)
	switch {
	case !given:
		return a, fmt.Errorf("there is no array %s: golden vectors are rows and scores", name)
	case a.DType != "<f4":
		return a, fmt.Errorf("%s have dtype %s; allowed is '<f4', little-endian float32 (save them as %s.astype('<f4'))", name, a.DType, name)
	case a.Fortran && len(a.Shape) > 1:
		return a, fmt.Errorf("%s are in Fortran's order, column after column; allowed is C's, row after row (save them as numpy.ascontiguousarray(%s))", name, name)
	}
	return a, nil
}

// values decodes an array of float32, which must have as many as its shape says.
func values(a rowfile.Content, name string) ([]float32, error) {
	n := int64(len(a.Data) / 4)
	for _, size := range a.Shape {
		if size == 0 || n%size != 0 {
			n = -1
			break
		}
		n /= size
	}
	if n != 1 || len(a.Data)%4 != 0 {
		return nil, fmt.Errorf("%s have %d bytes of numbers, which is not what their shape %v says", name, len(a.Data), a.Shape)
	}
	all := make([]float32, len(a.Data)/4)
	for i := range all {
		all[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.Data[4*i:]))
	}
	return all, nil
}

var (
	textType  = regexp.MustCompile(`^([<|>][US])(\d+)$`)
	wholeType = regexp.MustCompile(`^[<|]([iu])([1248])$`)
	errWord   = errors.New("no single word")
)

// word returns the one text or whole number that an array holds.
func word(a rowfile.Content) (string, error) {
	for _, size := range a.Shape {
		if size != 1 {
			return "", errWord
		}
	}
	if m := wholeType.FindStringSubmatch(a.DType); m != nil {
		width := int(m[2][0] - '0')
		if len(a.Data) != width {
			return "", errWord
		}
		var bytes [8]byte // a kind is not negative
		copy(bytes[:], a.Data)
		return strconv.FormatUint(binary.LittleEndian.Uint64(bytes[:]), 10), nil
	}
	m := textType.FindStringSubmatch(a.DType)
	if m == nil {
		return "", errWord
	}
	var text strings.Builder
	switch m[1] {
	case "|S":
		text.Write(a.Data)
	case "<U", ">U": // UTF-32
		var order binary.ByteOrder = binary.LittleEndian
		if m[1] == ">U" {
			order = binary.BigEndian
		}
		for b := a.Data; len(b) >= 4; b = b[4:] {
			text.WriteRune(rune(order.Uint32(b)))
		}
	default:
		return "", errWord
	}
	return strings.TrimRight(text.String(), "\x00"), nil
}
