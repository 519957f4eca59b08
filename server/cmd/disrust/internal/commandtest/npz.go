package commandtest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

// Test is a test, or one of package rapid.
type Test interface {
	Helper()
	Fatal(args ...any)
}

// Array is an array for WriteNPZ.
type Array struct {
	Name, DType string
	Shape       []int
	Data        any // what package binary writes
}

// WriteNPZ writes an .npz file, as numpy.savez does.
func WriteNPZ(t Test, path string, arrays ...Array) {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for _, a := range arrays {
		member, err := archive.Create(a.Name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Shape), " ", ", "), "[]")
		if len(a.Shape) == 1 {
			sizes += ","
		}
		header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.DType, sizes)
		npy := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
		if npy, err = binary.Append(append(npy, header...), binary.LittleEndian, a.Data); err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write(npy); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// WriteGolden writes golden vectors of rows and scores.
func WriteGolden(t Test, path string, dim int, rows, scores []float32, more ...Array) {
	t.Helper()
	n := len(rows) / dim
	shape := []int{n, len(scores) / n}
	if shape[1] == 1 {
		shape = shape[:1]
	}
	WriteNPZ(t, path, append([]Array{{"rows", "<f4", []int{n, dim}, rows}, {"scores", "<f4", shape, scores}}, more...)...)
}
