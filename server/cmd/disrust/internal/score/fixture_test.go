package score

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
)

// fixture is a model of the libraries, with rows.
type fixture struct {
	path, rowsFile string
	model          *forest.Model
	rows           []float32
}

// load reads a folder of testdata, such as lightgbm/lgb_binary or onnx/onnx_one.
func load(t testing.TB, name string, o forest.Options) fixture {
	t.Helper()
	library, name, _ := strings.Cut(name, "/")
	folder := filepath.Join(commandtest.Models, library, "testdata", name)
	if library == "onnx" {
		folder = filepath.Join(commandtest.ONNX, name)
	}
	absolute, err := filepath.Abs(goldentest.ModelFile(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{path: absolute, rowsFile: filepath.Join(folder, "rows.npy")}
	if f.model, err = modelflag.Load(f.path, o); err != nil {
		t.Fatal(err)
	}
	f.rows = goldentest.ReadArray(t, f.rowsFile).Data
	return f
}

// scores returns what the file of the scores of rows must hold, as .npy.
func (f fixture) scores(t testing.TB, rows []float32) []byte {
	t.Helper()
	shape := f.model.Shape()
	count := len(rows) / shape.Dim
	scores := make([]float32, count*shape.Outputs)
	if err := f.model.Score(scores, rows); err != nil {
		t.Fatal(err)
	}
	return append(rowfile.AppendHeader(nil, int64(count), shape.Outputs), encoded(scores)...)
}

func encoded(values []float32) (b []byte) {
	for _, x := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// npyRows returns a .npy file of rows.
func npyRows(rows []float32, dim int) []byte {
	return append(rowfile.AppendHeader(nil, int64(len(rows)/dim), dim), encoded(rows)...)
}

// csvRows returns lines of CSV, which name the columns if names are given.
func csvRows(rows []float32, dim int, names ...string) []byte {
	var b []byte
	if names != nil {
		var header bytes.Buffer
		w := csv.NewWriter(&header)
		_ = w.Write(names) // a Buffer takes all
		w.Flush()
		b = header.Bytes()
	}
	for i, x := range rows {
		b = appendNumber(b, x)
		b = append(b, ",\n"[(i+1)/dim*dim/(i+1)])
	}
	return b
}

// put writes a file in a folder of its own.
func put(t testing.TB, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	write(t, path, content)
	return path
}

// scored runs the command, which must succeed, and returns the file of the scores and stderr.
func scored(t testing.TB, name string, args ...string) (scores []byte, stderr string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	stdout, stderr, status := commandtest.Run(t, Command, append(args, "-o", out)...)
	if status != 0 || stdout != "" {
		t.Fatalf("%q: status %d, %s%s", args, status, stderr, stdout)
	}
	return goldentest.Read(t, out), stderr
}

// folders returns the names of all models of the libraries.
func folders(t *testing.T) (names []string) {
	t.Helper()
	for _, path := range commandtest.Files(t) {
		folder := filepath.Dir(path)
		library := filepath.Base(filepath.Dir(filepath.Dir(folder)))
		names = append(names, library+"/"+filepath.Base(folder))
	}
	return names
}

func write(t interface{ Fatal(...any) }, path string, content []byte) {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
