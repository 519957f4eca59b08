package xgboost

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// folders are those of testdata, and those below $GOLDEN: a folder with more models, each with
// its rows and what XGBoost answered.
func folders(t testing.TB, pattern string) []string {
	var all []string
	for _, root := range []string{"testdata", os.Getenv("GOLDEN")} {
		if root == "" {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing like %s in %s: %v", pattern, root, err)
		}
		all = append(all, found...)
	}
	return all
}

// TestGolden compares every score with XGBoost's, bit for bit. Probabilities could differ by an
// ulp, where the C library's expf gives other bits with fused instructions, but none of these do.
func TestGolden(t *testing.T) {
	for _, dir := range folders(t, "xgb*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			data := modelIn(t, dir)
			rows := readNPY(t, filepath.Join(dir, "rows.npy"))
			iterations := modelfile.AllIterations
			var about struct {
				Range []int `json:"iteration_range"`
			}
			if err := json.Unmarshal(readFile(t, filepath.Join(dir, "about.json")), &about); err != nil {
				t.Fatal(err)
			}
			if about.Range != nil {
				iterations = modelfile.BestIteration
			}
			compare(t, data, modelfile.Options{Output: wire.Raw, Iterations: iterations}, rows, filepath.Join(dir, "raw.npy"))
			compare(t, data, modelfile.Options{Iterations: iterations}, rows, filepath.Join(dir, "prob.npy"))
			classes := filepath.Join(dir, "class.npy")
			o := modelfile.Options{Output: wire.Class, Iterations: iterations}
			if _, err := os.Stat(classes); err == nil && !strings.Contains(dir, "multi_label") {
				compare(t, data, o, rows, classes)
			} else if _, err := Load(data, o); err == nil {
				t.Error("classes without classes")
			}
		})
	}
}

func compare(t *testing.T, data []byte, o modelfile.Options, rows array, file string) {
	t.Helper()
	want := readNPY(t, file)
	m, err := Load(data, o)
	if err != nil {
		t.Fatal(err)
	}
	if shape := m.Shape(); shape.Dim != rows.columns || shape.Outputs != want.columns || shape.Validate() != nil {
		t.Fatalf("%v: dim %d and %d outputs, not %d and %d", o.Output, shape.Dim, shape.Outputs, rows.columns, want.columns)
	}
	got := make([]float32, len(want.data))
	if err := m.NewScorer().Score(rows.data, rows.columns, got); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i := range got {
		if math.Float32bits(got[i]) == math.Float32bits(want.data[i]) || got[i] != got[i] && want.data[i] != want.data[i] {
			continue
		}
		if wrong++; wrong <= 3 {
			t.Errorf("%v: row %d, output %d: %v, XGBoost answers %v", o.Output, i/want.columns, i%want.columns, got[i], want.data[i])
		}
	}
	if wrong > 0 {
		t.Errorf("%v: %d of %d scores differ", o.Output, wrong, len(got))
	}
}

func modelIn(t testing.TB, dir string) []byte {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(dir, "model.*"))
	if len(found) != 1 {
		t.Fatalf("%s has %d models", dir, len(found))
	}
	return readFile(t, found[0])
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type array struct {
	data    []float32
	columns int
}

// readNPY reads a matrix or a vector of float32 or int32.
func readNPY(t testing.TB, name string) array {
	t.Helper()
	data := readFile(t, name)
	header := string(data[10 : 10+int(binary.LittleEndian.Uint16(data[8:]))])
	data = data[10+len(header):]
	a := array{columns: 1, data: make([]float32, len(data)/4)}
	_, shape, _ := strings.Cut(header, "'shape': (")
	shape, _, _ = strings.Cut(shape, ")")
	if rows, columns, ok := strings.Cut(shape, ", "); ok && columns != "" {
		if err := json.Unmarshal([]byte("["+rows+","+columns+"]"), &[]*int{new(int), &a.columns}); err != nil {
			t.Fatal(name, err)
		}
	}
	for i := range a.data {
		word := binary.LittleEndian.Uint32(data[4*i:])
		switch {
		case strings.Contains(header, "'<f4'"):
			a.data[i] = math.Float32frombits(word)
		case strings.Contains(header, "'<i4'"):
			a.data[i] = float32(int32(word))
		default:
			t.Fatal(name, header)
		}
	}
	return a
}
