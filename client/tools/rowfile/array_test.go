package rowfile

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// array is a .npy file of these numbers.
func array(t *testing.T, dtype, shape string, data any) string {
	t.Helper()
	content, err := binary.Append([]byte(npy("{'descr': '"+dtype+"', 'fortran_order': False, 'shape': "+shape+", }", 0)), binary.LittleEndian, data)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "a.npy", string(content))
}

func TestArray(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		dtype, shape string
		data         any
		want         []float32
		sizes        []int64
	}{
		"float32":        {"<f4", "(3,)", []float32{1, -0.5, nan}, []float32{1, -0.5, nan}, []int64{3}},
		"float64":        {"<f8", "(2, 2)", []float64{0.1, 1e300, 1e-60, -2}, []float32{0.1, inf, 0, -2}, []int64{2, 2}},
		"rounded once":   {"<f8", "(1,)", []float64{1 + 0x1p-24 + 0x1p-50}, []float32{1 + 0x1p-23}, []int64{1}},
		"int32":          {"<i4", "(2,)", []int32{-7, 9}, []float32{-7, 9}, []int64{2}},
		"int64":          {"<i8", "(2, 1)", []int64{3, 1 << 40}, []float32{3, 1 << 40}, []int64{2, 1}},
		"none":           {"<f4", "(0, 4)", []float32{}, nil, []int64{0, 4}},
		"more than once": {"<f4", "(20000,)", make([]float32, 20000), make([]float32, 20000), []int64{20000}},
	} {
		a, err := OpenArray(array(t, c.dtype, c.shape, c.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := make([]float32, len(c.want))
		err = a.Next(got)
		if err != nil || !slices.EqualFunc(got, c.want, func(a, b float32) bool { return a == b || a != a && b != b }) || !slices.Equal(a.Shape, c.sizes) || a.DType != c.dtype {
			t.Errorf("%s: %v, %s %v, %v", name, got, a.DType, a.Shape, err)
		}
		if err := a.Next(make([]float32, 1)); err == nil || !strings.Contains(err.Error(), "a.npy has become shorter") {
			t.Errorf("%s: a number too many: %v", name, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestArraysRefused(t *testing.T) {
	for path, want := range map[string]string{
		array(t, "<f2", "(2,)", []int16{1, 2}):                                  " has dtype '<f2'; allowed are '<f4', '<f8', '<i4' and '<i8'",
		array(t, ">f4", "(1,)", []float32{1}):                                   " has dtype '>f4'",
		array(t, "<f4", "()", []float32{1}):                                     " has 0 dimensions",
		array(t, "<f4", "(1, 1, 1)", []float32{1}):                              " has 3 dimensions; allowed are 1 and 2",
		array(t, "<f4", "(3,)", []float32{1, 2}):                                " has 8 bytes of numbers, which is not what its header says: [3] of 4 bytes each",
		array(t, "<f4", "(1,)", []float32{1, 2}):                                " has 8 bytes of numbers",
		array(t, "<f8", "(4611686018427387904, 4)", []float64{}):                " has 0 bytes of numbers",
		file(t, "a.f32", "\x01\x02\x03\x04"):                                    " is no .npy file: save the array with numpy.save",
		file(t, "a.npy", ""):                                                    " is no .npy file",
		file(t, "a.npy", npy(strings.Replace(twoRows, "False", "True", 1), 24)): " is in Fortran's order",
		file(t, "a.npy", npy(twoRows, 24)[:20]):                                 " is cut off",
		t.TempDir():                                                             " is no regular file",
		os.DevNull:                                                              " is no regular file",
		filepath.Join(t.TempDir(), "nowhere"):                                   ": ",
	} {
		if _, err := OpenArray(path); err == nil || !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("%v, want %s%s", err, path, want)
		}
	}
}

// TestNext: floats are read as the bytes are, and a file that shrinks is an error.
func TestNext(t *testing.T) {
	for _, path := range []string{array(t, "<f4", "(2, 3)", []float32{1, 2, 3, 4, 5, 6}), file(t, "rows.f32", string(binary.LittleEndian.AppendUint32(make([]byte, 20), math.Float32bits(6))))} {
		f, err := OpenFor(path, 3, "the model's")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := make([]float32, 6)
		if err := f.Next(got); err != nil || got[5] != 6 {
			t.Errorf("%v, %v", got, err)
		}
		if err := f.Next(got[:1]); err == nil || err.Error() != path+" has become shorter while it was read" {
			t.Error(err)
		}
		if _, err := OpenFor(path, 4, "the model's"); f.NPY && (err == nil || !strings.HasSuffix(err.Error(), " has rows of 3 features, not 4 (the model's)")) {
			t.Error(err)
		}
	}
}
