package rowfile

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// same: equal, or both NaN.
func same(a, b float32) bool { return a == b || a != a && b != b }

func TestCast(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	const exactly = 1<<24 - 1
	for dtype, c := range map[string]struct {
		data any
		want []float32
		cast Cast
	}{
		"<f4": {[]float32{0.1, float32(inf)}, []float32{0.1, float32(inf)}, Cast{}},
		"<f8": {[]float64{0.1, inf, nan, 1e300, -1e300, 0.5, 1e-60}, []float32{0.1, float32(inf), float32(nan), float32(inf), float32(-inf), 0.5, 0}, Cast{4, 2}},
		"<f2": {[]uint16{0, 0x8000, 0x3c00, 0xc000, 0x7bff, 1, 0x7c00, 0xfc00, 0x7e00}, []float32{0, 0, 1, -2, 65504, 0x1p-24, float32(inf), float32(-inf), float32(nan)}, Cast{}},
		"<i2": {[]int16{-1, math.MaxInt16, math.MinInt16}, []float32{-1, math.MaxInt16, math.MinInt16}, Cast{}},
		"<i4": {[]int32{exactly, -exactly, exactly + 2, math.MinInt32}, []float32{exactly, -exactly, 1 << 24, math.MinInt32}, Cast{1, 0}},
		"<i8": {[]int64{0, math.MinInt64, math.MaxInt64, 3 << 40}, []float32{0, math.MinInt64, 1 << 63, 3 << 40}, Cast{1, 0}},
		"<u8": {[]uint64{math.MaxUint64, 1 << 63, 7}, []float32{1 << 64, 1 << 63, 7}, Cast{1, 0}},
		"<u4": {[]uint32{math.MaxUint32}, []float32{1 << 32}, Cast{1, 0}},
		"<u2": {[]uint16{math.MaxUint16}, []float32{math.MaxUint16}, Cast{}},
		"|i1": {[]int8{-128, 127}, []float32{-128, 127}, Cast{}},
		"|u1": {[]uint8{0, 255}, []float32{0, 255}, Cast{}},
		"|b1": {[]bool{true, false}, []float32{1, 0}, Cast{}},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			content, err := binary.Append(nil, order, c.data)
			if err != nil {
				t.Fatal(err)
			}
			name := dtype
			if order == binary.BigEndian {
				name = strings.Replace(dtype, "<", ">", 1)
			}
			path := file(t, "a.npy", npy("{'descr': '"+name+"', 'fortran_order': False, 'shape': ("+"1, "+strconv.Itoa(len(c.want))+"), }", 0)+string(content))
			f, err := OpenCast(path, len(c.want), "the model's")
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			read, err := io.ReadAll(f)
			got := make([]float32, len(c.want))
			if cast := f.Floats(got, read); err != nil || len(read) != len(got)*f.Width() || !slices.EqualFunc(got, c.want, same) || cast != c.cast {
				t.Errorf("%s: %v, %+v, want %v, %+v; %v", name, got, cast, c.want, c.cast, err)
			}
			f.Close()
			_, err = Open(path, len(c.want))
			if other, isDType := errors.AsType[*DTypeError](err); name != "<f4" && (!isDType || !other.Casts || other.DType != name) {
				t.Errorf("%s is opened without a cast: %v", name, err)
			}
		}
	}
}

// TestCastProperty: a float64 and an int64 become what Go's conversion gives, and count as rounded
// unless the conversion back gives them again.
func TestCastProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, n := rapid.Float64().Draw(t, "x"), rapid.Int64().Draw(t, "n")
		y, exact := castFloat(x)
		if !same(y, float32(x)) || exact != (x != x || float64(float32(x)) == x) {
			t.Fatalf("%v: %v, %v", x, y, exact)
		}
		z, exact := castInteger('i', uint64(n), 0)
		if back := int64(float64(z)); z != float32(n) || z < 1<<63 && exact != (back == n) {
			t.Fatalf("%d: %v, %v", n, z, exact)
		}
	})
}

func TestNoCast(t *testing.T) {
	for _, dtype := range []string{"'|O'", "'<U5'", "'<c8'", "'<f16'", "'<M8'", "'=f4'", "'|b2'", "'<f1'", "'<i1'", "[('a', '<f4')]"} {
		path := file(t, "a.npy", npy("{'descr': "+dtype+", 'fortran_order': False, 'shape': (2, 3), }", 24))
		if _, err := OpenCast(path, 3, "the model's"); err == nil || !strings.Contains(err.Error(), "has dtype "+dtype+"; allowed are floats, integers and booleans") {
			t.Errorf("%s: %v", dtype, err)
		}
		_, err := Open(path, 3)
		if other, isDType := errors.AsType[*DTypeError](err); !isDType || other.Casts {
			t.Errorf("%s: %v", dtype, err)
		}
	}
}

func TestIsText(t *testing.T) {
	for name, c := range map[string]struct {
		name, content string
		text          bool
	}{
		"short, by name":     {"a.csv", "a,b\n1,2\n", true},
		"short tsv":          {"a.TSV", "a\tb\n", true},
		"empty":              {"a.csv", "", true},
		"short, by content":  {"a", "1.5,2\n3,4\n", true},
		"long":               {"a", strings.Repeat("name,age\n", 30), true},
		"raw floats":         {"a.f32", "\x00\x00\x80?\x00\x00\x80?", false},
		"raw floats, .csv":   {"a.csv", "\x00\x00\x80?\x00\x00\x80?", false},
		"npy, .csv":          {"a.csv", npy(twoRows, 24), false},
		"JSON":               {"a.csv", `[{"a": 1}]` + strings.Repeat(" ", 64), false},
		"compressed":         {"a.csv", "\x1f\x8b\x08\x00", false},
		"short, no evidence": {"a.txt", "a,b\n", false},
	} {
		if text, err := IsText(file(t, c.name, c.content)); err != nil || text != c.text {
			t.Errorf("%s: %v, %v", name, text, err)
		}
	}
	if _, err := IsText(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}
