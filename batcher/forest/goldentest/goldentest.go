// Package goldentest reads the models that tests compare with: a folder each, with the file of the
// library that trained the model, rows, and what the library answered for them.
package goldentest

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// Folders returns those of testdata, and those below $GOLDEN, which is a folder with more of
// them. At least one must match the pattern in each.
func Folders(t testing.TB, pattern string) []string {
	t.Helper()
	return FoldersOf(t, "testdata", pattern)
}

// FoldersOf is like Folders for another testdata. The smaller its model, the earlier a folder
// comes: the first that fails is the easiest to look into.
func FoldersOf(t testing.TB, testdata, pattern string) []string {
	t.Helper()
	var all []string
	for _, root := range []string{testdata, os.Getenv("GOLDEN")} {
		if root == "" {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing like %s in %s: %v", pattern, root, err)
		}
		all = append(all, found...)
	}
	sizes := make(map[string]int64, len(all))
	for _, dir := range all {
		info, err := os.Stat(ModelFile(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		sizes[dir] = info.Size()
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(sizes[a], sizes[b]) })
	return all
}

// ModelFile returns the only model.* in a folder.
func ModelFile(t testing.TB, dir string) string {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(dir, "model.*"))
	if len(found) != 1 {
		t.Fatalf("%s has %d models", dir, len(found))
	}
	return found[0]
}

// Model returns the bytes of the model in a folder.
func Model(t testing.TB, dir string) []byte {
	t.Helper()
	return Read(t, ModelFile(t, dir))
}

// Best reports whether the library's answers in a folder stop at the best iteration.
func Best(t testing.TB, dir string) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "about.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	var about struct {
		Range []int `json:"iteration_range"`
	}
	if err := errors.Join(err, json.Unmarshal(data, &about)); err != nil {
		t.Fatal(err)
	}
	return about.Range != nil
}

// NameIfFailed has t, if it fails, end with the folder that it was about.
func NameIfFailed(t testing.TB, dir string) {
	t.Helper()
	path, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the model is in %s", path)
		}
	})
}

// Read returns the bytes of a file.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Array is a matrix, or a vector as a matrix of one column.
type Array struct {
	Data    []float32
	Columns int
}

// ReadArray reads a .npy file of float32, of float64, which it rounds, or of int32.
func ReadArray(t testing.TB, name string) Array {
	t.Helper()
	data, columns := ReadDoubles(t, name)
	a := Array{Data: make([]float32, len(data)), Columns: columns}
	for i, x := range data {
		a.Data[i] = float32(x)
	}
	return a
}

// ReadDoubles reads such a file, and rounds nothing.
func ReadDoubles(t testing.TB, name string) (values []float64, columns int) {
	t.Helper()
	data := Read(t, name)
	header := string(data[10 : 10+int(binary.LittleEndian.Uint16(data[8:]))])
	data = data[10+len(header):]
	columns = 1
	_, shape, _ := strings.Cut(header, "'shape': (")
	shape, _, _ = strings.Cut(shape, ")")
	if _, second, _ := strings.Cut(shape, ", "); second != "" {
		var err error
		if columns, err = strconv.Atoi(second); err != nil {
			t.Fatal(name, err)
		}
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(header, "{'descr': '"), "'")
	for len(data) > 0 {
		switch kind {
		case "<f4":
			values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
			data = data[4:]
		case "<i4":
			values = append(values, float64(int32(binary.LittleEndian.Uint32(data))))
			data = data[4:]
		case "<f8":
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data)))
			data = data[8:]
		default:
			t.Fatalf("%s: %s", name, header)
		}
	}
	return values, columns
}

// Check scores the rows of a folder with m, and compares the scores with those of a file there.
// The model's shape must be that of the two arrays.
func Check(t testing.TB, m batcher.Model, dir, file string, steps int) {
	t.Helper()
	rows, want := ReadArray(t, filepath.Join(dir, "rows.npy")), ReadArray(t, filepath.Join(dir, file))
	if shape := m.Shape(); shape.Dim != rows.Columns || shape.Outputs != want.Columns || shape.Validate() != nil {
		t.Fatalf("dim %d and %d outputs, not %d and %d", shape.Dim, shape.Outputs, rows.Columns, want.Columns)
	}
	got := make([]float32, len(want.Data))
	if err := m.NewScorer().Score(rows.Data, rows.Columns, got); err != nil {
		t.Fatal(err)
	}
	Compare(t, got, want, steps)
}

// Near is like Check for scores that may lie apart by a part of 1 + the largest magnitude that the
// library answers for the same output.
func Near(t testing.TB, m batcher.Model, dir, file string, part float64) {
	t.Helper()
	rows, want := ReadArray(t, filepath.Join(dir, "rows.npy")), ReadArray(t, filepath.Join(dir, file))
	got := make([]float32, len(want.Data))
	if err := m.NewScorer().Score(rows.Data, rows.Columns, got); err != nil {
		t.Fatal(err)
	}
	high := make([]float64, want.Columns)
	for i, w := range want.Data {
		if x := math.Abs(float64(w)); x <= math.MaxFloat32 {
			high[i%want.Columns] = max(high[i%want.Columns], x)
		}
	}
	for i, g := range got {
		w, most := want.Data[i], part*(1+high[i%want.Columns])
		if Steps(g, w) != 0 && g != w && !(math.Abs(float64(g)-float64(w)) <= most) {
			t.Errorf("row %d, output %d: %v, the library answers %v: more than %v apart", i/want.Columns, i%want.Columns, g, w, most)
		}
	}
}

// Answers returns what a model says of its answers, in a line.
func Answers(m *modelfile.Model) string {
	var all []string
	for _, a := range m.About.Answers {
		text := fmt.Sprintf("%v %s %d", a.Kind, a.Call, a.Steps)
		if a.Refused != "" {
			text = fmt.Sprintf("%v refused: %s", a.Kind, a.Refused)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// Compare compares scores with what the library answered, of which each may be so many float32
// steps away. All NaN are the same.
func Compare(t testing.TB, got []float32, want Array, steps int) {
	t.Helper()
	if len(got) != len(want.Data) {
		t.Fatalf("%d scores, not %d", len(got), len(want.Data))
	}
	wrong, text := 0, ""
	for i, g := range got {
		if w := want.Data[i]; Steps(g, w) > steps {
			wrong++
			text += fmt.Sprintf("\nrow %d, output %d: %v, the library answers %v", i/want.Columns, i%want.Columns, g, w)
			if wrong == 3 {
				break
			}
		}
	}
	if wrong > 0 {
		t.Errorf("more than %d steps away:%s", steps, text)
	}
}

// Steps returns how many float32 values lie between a and b, counting b. -0 lies below 0.
func Steps(a, b float32) int {
	if a != a || b != b {
		if a != a && b != b {
			return 0
		}
		return math.MaxInt32
	}
	return int(max(order(a)-order(b), order(b)-order(a)))
}

func order(x float32) int64 {
	bits := int64(math.Float32bits(x))
	if bits >= 1<<31 {
		return -(bits & math.MaxInt32) - 1
	}
	return bits
}
