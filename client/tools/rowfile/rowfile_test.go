package rowfile

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// npy is a file of version 1.0 with this dictionary and so many bytes of data.
func npy(dictionary string, data int) string {
	return magic + "\x01\x00" + string([]byte{byte(len(dictionary)), byte(len(dictionary) >> 8)}) + dictionary + strings.Repeat("\x01", data)
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoRows = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"

func TestOpen(t *testing.T) {
	wide := "\x02\x00" + string([]byte{byte(len(twoRows)), 0, 0, 0}) + twoRows + strings.Repeat("\x01", 24)
	for name, c := range map[string]struct {
		name, content string
		rows          int64
		npy           bool
	}{
		"npy":            {"a.npy", npy(twoRows, 24), 2, true},
		"npy, no name":   {"a", npy(twoRows, 24), 2, true},
		"version 2":      {"a.npy", magic + wide, 2, true},
		"version 3":      {"a.npy", magic + "\x03" + wide[1:], 2, true},
		"other order":    {"a.npy", npy(`{"shape":(2,3) , "fortran_order": False, "descr": "<f4"}`+"\n", 24), 2, true},
		"empty npy":      {"a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", 0), 0, true},
		"Python 2":       {"a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }", 24), 2, true},
		"raw":            {"a.f32", strings.Repeat("\x01", 36), 3, false},
		"empty":          {"a.f32", "", 0, false},
		"as NumPy wrote": {"a.npy", "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + strings.Repeat(" ", 58) + "\n" + strings.Repeat("\x01", 24), 2, true},
	} {
		f, err := Open(file(t, c.name, c.content), 3)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rows, err := io.ReadAll(f)
		if err != nil || f.Rows != c.rows || f.NPY != c.npy || !bytes.Equal(rows, bytes.Repeat([]byte{1}, int(12*c.rows))) {
			t.Errorf("%s: %d rows, npy %v, read %q, %v", name, f.Rows, f.NPY, rows, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestRefused(t *testing.T) {
	dictionary := func(descr, order, shape string) string {
		return npy("{'descr': "+descr+", 'fortran_order': "+order+", 'shape': "+shape+", }", 24)
	}
	for content, want := range map[string]string{
		dictionary("'>f4'", "False", "(2, 3)"):                        "has dtype '>f4'; allowed is '<f4'",
		dictionary("'<f8'", "False", "(2, 3)"):                        "has dtype '<f8'; allowed is '<f4'",
		dictionary("[('a', '<f4')]", "False", "(2, 3)"):               "has dtype [('a', '<f4')]; allowed is",
		dictionary("'<f4'", "True", "(2, 3)"):                         "is in Fortran's order",
		dictionary("'<f4'", "False", "(6,)"):                          "has 1 dimensions; allowed are 2, rows and features",
		dictionary("'<f4'", "False", "()"):                            "has 0 dimensions",
		dictionary("'<f4'", "False", "(3, 2)"):                        "has rows of 2 features, not 3",
		dictionary("'<f4'", "False", "(3, 3)"):                        "has 24 bytes of rows, but its header says 3 rows of 12 bytes",
		dictionary("'<f4'", "False", "(1, 3)"):                        "has 24 bytes of rows, but",
		dictionary("'<f4'", "False", "(4611686018427387906, 3)"):      "has 24 bytes of rows, but",
		dictionary("'<f4'", "False", "(2 3)"):                         "no dictionary",
		dictionary("'<f4'", "False", "(9223372036854775808, 3)"):      "whose shape holds 9223372036854775808",
		dictionary("'<f4'", "0", "(2, 3)"):                            "has a .npy header that is no dictionary",
		npy("{'descr': '<f4', 'fortran_order': False, }", 24):         "no dictionary of descr, fortran_order and shape",
		npy("{'descr': '<f4', 'descr': '<f4', 'shape': (2, 3)}", 24):  "no dictionary",
		npy("{'shape': True, 'fortran_order': False, 'descr': 1}", 0): "no dictionary",
		npy(twoRows+"}", 24):                                          "no dictionary",
		npy("", 24):                                                   "no dictionary",
		npy(twoRows, 0)[:40]:                                          "is cut off within its .npy header",
		magic:                                                         "is cut off",
		magic + "\x02\x00\x01":                                        "is cut off",
		magic + "\x04\x00":                                            "is of .npy version 4.0: 1.0 to 3.0 is allowed",
		magic + "\x02\x00\xff\xff\xff\xff":                            "header of 4294967295 bytes: up to 65536 is allowed",
		"\x01234":                                                     "is named .npy, but does not begin as such a file",
	} {
		path := file(t, "a.npy", content)
		if _, err := Open(path, 3); err == nil || !strings.HasPrefix(err.Error(), path+" ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %q", content, err, want)
		}
	}
	for path, want := range map[string]string{
		file(t, "a.f32", strings.Repeat("\x01", 13)): "has 13 bytes: 1 rows of 3 float32, and 1 bytes too many",
		t.TempDir():                            "is no regular file",
		filepath.Join(t.TempDir(), "nowhere "): ": no such file or directory",
	} {
		if _, err := Open(path, 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestAppendHeader compares with what NumPy 2 writes for zeros(3, '<f4') and zeros((3, 2), '<f4').
func TestAppendHeader(t *testing.T) {
	for outputs, shape := range map[int]string{1: "(3,)", 2: "(3, 2)"} {
		want := "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"
		want += strings.Repeat(" ", 127-len(want)) + "\n"
		if got := string(AppendHeader([]byte("x"), 3, outputs)); got != "x"+want {
			t.Errorf("got %q", got)
		}
	}
}

// FuzzHeader: whatever stands before the data, the header is refused or means
// what it says, and reading stops where the data begin.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{npy(twoRows, 24), magic + "\x02\x00\x01\x00\x00\x00{", string(AppendHeader(nil, 7, 1))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		in := bytes.NewReader(content)
		h, err := readHeader(in)
		if err != nil {
			return
		}
		if h.dtype == "" || int64(len(content)-in.Len()) != h.bytes {
			t.Fatalf("%+v, %d bytes read", h, len(content)-in.Len())
		}
		for _, n := range h.shape {
			if n < 0 {
				t.Fatalf("shape %v", h.shape)
			}
		}
		if len(h.shape) == 1 {
			again, err := readHeader(bytes.NewReader(AppendHeader(nil, h.shape[0], 1)))
			if err != nil || !reflect.DeepEqual(again.shape, h.shape) {
				t.Fatalf("%v written and read again is %v, %v", h.shape, again.shape, err)
			}
		}
	})
}
