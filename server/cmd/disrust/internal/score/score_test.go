package score

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
)

// fixture is a model of the libraries, with rows.
type fixture struct {
	path, rowsFile string
	model          *forest.Model
	rows           []float32
}

// load reads a folder of testdata, such as lightgbm/lgb_binary.
func load(t testing.TB, name string, o forest.Options) fixture {
	t.Helper()
	library, name, _ := strings.Cut(name, "/")
	folder := filepath.Join(commandtest.Models, library, "testdata", name)
	files, err := filepath.Glob(filepath.Join(folder, "model.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %q, %v", folder, files, err)
	}
	absolute, err := filepath.Abs(files[0])
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{path: absolute, rowsFile: filepath.Join(folder, "rows.npy")}
	if f.model, err = forest.Load(f.path, o); err != nil {
		t.Fatal(err)
	}
	f.rows = numbersOf(t, f.rowsFile)
	return f
}

// numbersOf returns the numbers of a .npy file, as float32.
func numbersOf(t testing.TB, path string) []float32 {
	t.Helper()
	a, err := rowfile.OpenArray(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	count := int64(1)
	for _, n := range a.Shape {
		count *= n
	}
	all := make([]float32, count)
	if err := a.Next(all); err != nil {
		t.Fatal(err)
	}
	return all
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

func got(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// scored runs the command, which must succeed, and returns the file of the scores and stderr.
func scored(t testing.TB, name string, args ...string) (scores []byte, stderr string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	stdout, stderr, status := commandtest.Run(t, Command, append(args, "-o", out)...)
	if status != 0 || stdout != "" {
		t.Fatalf("%q: status %d, %s%s", args, status, stderr, stdout)
	}
	return got(t, out), stderr
}

// folders returns the names of all models of the libraries.
func folders(t *testing.T) (names []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(commandtest.Models, "*", "testdata", "*", "rows.npy"))
	if err != nil || len(found) < 20 {
		t.Fatalf("%d models, %v", len(found), err)
	}
	for _, path := range found {
		folder := filepath.Dir(path)
		library := filepath.Base(filepath.Dir(filepath.Dir(folder)))
		names = append(names, library+"/"+filepath.Base(folder))
	}
	return names
}

// TestScores: every model gives the bits of Model.Score, whatever the forms of the files.
func TestScores(t *testing.T) {
	for _, name := range folders(t) {
		for kind, o := range map[string]forest.Options{"prob": {}, "raw": {Output: 1}} {
			f := load(t, name, o)
			shape := f.model.Shape()
			want := f.scores(t, f.rows)
			bits := want[len(want)-len(f.rows)/shape.Dim*shape.Outputs*4:]
			for _, rows := range []string{
				f.rowsFile,
				put(t, "rows.f32", encoded(f.rows)),
				put(t, "rows.csv", csvRows(f.rows, shape.Dim)),
			} {
				if npy, _ := scored(t, "scores.npy", f.path, rows, "--output", kind); !bytes.Equal(npy, want) {
					t.Errorf("%s, %s, %s: other .npy", name, kind, rows)
				}
			}
			if raw, _ := scored(t, "scores.f32", f.path, f.rowsFile, "--output", kind); !bytes.Equal(raw, bits) {
				t.Errorf("%s, %s: other raw scores", name, kind)
			}
			text, _ := scored(t, "scores.csv", f.path, f.rowsFile, "--output", kind)
			header, body, _ := bytes.Cut(text, []byte("\n"))
			if wantHeader := heads[shape.Outputs > 1]; !strings.HasPrefix(string(header), wantHeader) || bytes.Count(header, []byte(",")) != shape.Outputs-1 {
				t.Errorf("%s: header %q", name, header)
			}
			if !slices.EqualFunc(parsed(t, body), decoded(bits), same) {
				t.Errorf("%s, %s: other scores in CSV", name, kind)
			}
		}
	}
}

var heads = map[bool]string{false: "prediction", true: "prediction_0,prediction_1"}

// same: the bits are equal, or both are NaN, of which text knows one.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func decoded(b []byte) (values []float32) {
	for ; len(b) > 0; b = b[4:] {
		values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return values
}

// parsed returns the numbers in CSV.
func parsed(t *testing.T, text []byte) (values []float32) {
	t.Helper()
	for _, field := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '\n' }) {
		x, err := number(field)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, x)
	}
	return values
}

// TestLibrary: the scores are those of the training library.
func TestLibrary(t *testing.T) {
	for _, name := range []string{"lightgbm/lgb_multiclass", "lightgbm/lgb_rf", "xgboost/xgb_softprob_forest"} {
		f := load(t, name, forest.Options{Output: 1})
		scores, _ := scored(t, "scores.npy", f.path, f.rowsFile, "--output", "raw")
		want := numbersOf(t, filepath.Join(filepath.Dir(f.path), "raw.npy"))
		if !bytes.Equal(scores[len(scores)-4*len(want):], encoded(want)) {
			t.Errorf("%s: other scores than the library's", name)
		}
	}
}

// TestThreads: neither the number of threads nor the blocks change a bit.
func TestThreads(t *testing.T) {
	f := load(t, "lightgbm/lgb_multiclass", forest.Options{})
	dim := f.model.Shape().Dim
	rows := slices.Repeat(f.rows, 3*numbersOfBlock/len(f.rows)+1)
	want := f.scores(t, rows)
	for _, file := range []string{put(t, "rows.npy", npyRows(rows, dim)), put(t, "rows.csv", csvRows(rows, dim))} {
		for _, threads := range []string{"0", "1", "2", "7"} {
			if scores, _ := scored(t, "scores.npy", f.path, file, "--threads", threads); !bytes.Equal(scores, want) {
				t.Errorf("%s, %s threads: other scores", file, threads)
			}
		}
	}
}

func TestNoRows(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	for _, rows := range []string{
		put(t, "rows.npy", npyRows(nil, 8)), put(t, "rows.f32", nil), put(t, "rows.csv", csvRows(nil, 8, f.model.About.Features...)),
	} {
		if scores, _ := scored(t, "scores.npy", f.path, rows); !bytes.Equal(scores, rowfile.AppendHeader(nil, 0, 1)) {
			t.Errorf("%s: %q", rows, scores)
		}
		if scores, _ := scored(t, "scores.csv", f.path, rows); string(scores) != "prediction\n" {
			t.Errorf("%s: %q", rows, scores)
		}
	}
}

// TestForms: a name without a known extension gets the form of the rows.
func TestForms(t *testing.T) {
	f := load(t, "lightgbm/lgb_multiclass", forest.Options{})
	dim := f.model.Shape().Dim
	npyFile, rawFile, csvFile := f.rowsFile, put(t, "rows", encoded(f.rows)), put(t, "rows", csvRows(f.rows, dim))
	for _, c := range []struct{ rows, same, other string }{
		{npyFile, "scores.npy", "scores.out"}, {rawFile, "scores.f32", "scores.out"}, {csvFile, "scores.csv", "scores.out"},
		{npyFile, "scores.CSV", "scores.csv"},
	} {
		one, _ := scored(t, c.same, f.path, c.rows)
		two, _ := scored(t, c.other, f.path, c.rows)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: %s and %s differ", c.rows, c.same, c.other)
		}
	}
	tabs, _ := scored(t, "scores.tsv", f.path, f.rowsFile)
	commas, _ := scored(t, "scores.csv", f.path, f.rowsFile)
	if !bytes.Equal(bytes.ReplaceAll(tabs, []byte("\t"), []byte(",")), commas) {
		t.Errorf("%q", tabs)
	}
}

func TestStandardOutput(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	if stdout, stderr, status := commandtest.Run(t, Command, "-o", "-", f.path, f.rowsFile); status != 0 || stderr != "" || stdout != string(f.scores(t, f.rows)) {
		t.Errorf("status %d, stderr %q, %d bytes", status, stderr, len(stdout))
	}
	var stderr bytes.Buffer
	if status := Command.Run(t.Context(), []string{"-o", "-", f.path, f.rowsFile}, full{}, &stderr); status != 1 || !strings.Contains(stderr.String(), "cannot write scores: no space left") {
		t.Errorf("status %d, stderr %q", status, &stderr)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestCastOfRows(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	doubles := make([]float64, len(f.rows))
	for i, x := range f.rows {
		doubles[i] = float64(x)
	}
	doubles[0], doubles[1], doubles[2] = 0.1, 1e300, -1e300
	rows := make([]float32, len(doubles))
	for i, x := range doubles {
		rows[i] = float32(x)
	}
	content := bytes.Replace(rowfile.AppendHeader(nil, int64(len(rows)/8), 8), []byte("<f4"), []byte("<f8"), 1)
	for _, x := range doubles {
		content = binary.LittleEndian.AppendUint64(content, math.Float64bits(x))
	}
	file := put(t, "rows.npy", content)
	scores, stderr := scored(t, "scores.npy", f.path, file, "--cast")
	want := fmt.Sprintf("disrust: score: %s: 3 of %d numbers were rounded to float32; 2 of them are beyond its range and became infinite\n", file, len(rows))
	if stderr != want || !bytes.Equal(scores, f.scores(t, rows)) {
		t.Errorf("%q, want %q", stderr, want)
	}
	if scores, stderr := scored(t, "scores.npy", f.path, f.rowsFile, "--cast"); stderr != "" || !bytes.Equal(scores, f.scores(t, f.rows)) {
		t.Errorf("a cast of float32 says %q", stderr)
	}
}

func TestSummary(t *testing.T) {
	f := load(t, "lightgbm/lgb_multiclass", forest.Options{})
	names := append([]string{"id\u202e"}, f.model.About.Features...)
	dim := len(names)
	file := put(t, "rows.csv", csvRows(make([]float32, 3*dim), dim, names...))
	stdout, stderr, status := commandtest.Run(t, Command, f.path, file, "--json", "--threads=3", "-o", filepath.Join(t.TempDir(), "scores"))
	var s summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || status != 0 {
		t.Fatalf("status %d, %v, %s%s", status, err, stdout, stderr)
	}
	if s.Rows != 3 || s.Features != dim-1 || s.Outputs != 4 || s.Kind != "prob" || s.Threads != 3 || s.Seconds <= 0 || s.Rate <= 0 || !slices.Equal(s.Ignored, names[:1]) {
		t.Errorf("%+v", s)
	}
	if want := `disrust: score: ` + file + `: the model has no features of these names, so their columns are ignored: "id\u202e"` + "\n"; stderr != want {
		t.Errorf("%q, want %q", stderr, want)
	}
}

func TestReadme(t *testing.T) {
	readme.Check(t, "../../../../README.md", "fields of score", readme.Fields(summary{}))
}

// TestErrorAsJSON: a program finds the sentence on standard output too.
func TestErrorAsJSON(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	stdout, stderr, status := commandtest.Run(t, Command, f.path, put(t, "rows.csv", []byte("1,x\n")), "--json", "-o", filepath.Join(t.TempDir(), "scores"))
	var told struct{ Error string }
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || status != 1 || stderr != "disrust: score: "+told.Error+"\n" {
		t.Errorf("status %d, %v, %s%s", status, err, stdout, stderr)
	}
}

// endless is rows without an end. It calls at when so many blocks were read.
type endless struct {
	source
	dim, blocks int
	at          func()
}

func (e *endless) fill(b *block) error {
	if e.blocks--; e.blocks == 0 {
		e.at()
	}
	b.rows, b.size, b.in = 100, 100, nil
	return nil
}

func (e *endless) decode(b *block, w *scratch) error {
	w.features = make([]float32, b.rows*e.dim)
	return nil
}

func (e *endless) total() (int64, string) { return 1 << 40, "rows" }

// TestInterrupted: an interrupt in the middle leaves the older scores, and no unfinished file.
func TestInterrupted(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	t.Chdir(filepath.Dir(put(t, "scores", []byte("old"))))
	s := &score{out: "scores"}
	k, err := s.create(nil, npy, 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &pipeline{model: f.model, rows: &endless{dim: 8, blocks: 50, at: cancel}, scores: k, threads: 3}
	err = p.runToEnd(ctx, io.Discard)
	k.discard()
	if err == nil || !strings.HasPrefix(err.Error(), "interrupted; ") || !strings.HasSuffix(err.Error(), " rows were scored, and nothing is written") {
		t.Error(err)
	}
	wantOld(t)
}

// wantOld: the folder holds the older scores and nothing else.
func wantOld(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 1 || string(got(t, "scores")) != "old" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// TestShrinking: rows that vanish while they are read are an error.
func TestShrinking(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	rows := slices.Repeat(f.rows, 1000)
	for _, file := range []string{put(t, "rows.npy", npyRows(rows, 8)), put(t, "rows.f32", encoded(rows)), put(t, "rows.csv", csvRows(rows, 8))} {
		s := &score{}
		source, err := s.open(file, f.path, f.model)
		if err != nil {
			t.Fatal(err)
		}
		defer source.close()
		if err := os.Truncate(file, int64(len(rows))); err != nil {
			t.Fatal(err)
		}
		k, err := (&score{out: "-"}).create(nil, npy, 1, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		defer k.discard()
		p := &pipeline{model: f.model, rows: source, scores: k, threads: 2}
		if err := p.runToEnd(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "has become shorter while it was read") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// watching is a source that looks at the memory in use.
type watching struct {
	source
	fills int
	most  uint64
}

func (w *watching) fill(b *block) error {
	if w.fills++; w.fills%10 == 0 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		w.most = max(w.most, now.HeapAlloc)
	}
	return w.source.fill(b)
}

// TestMemory: what is in use does not grow with the file.
func TestMemory(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	const size, allowed = 32 << 20, 6 << 20
	sparse := put(t, "rows.f32", nil)
	if err := os.Truncate(sparse, size); err != nil {
		t.Fatal(err)
	}
	line := []byte("1,2,3,4,5,6,7,8\n")
	for _, file := range []string{sparse, put(t, "rows.csv", bytes.Repeat(line, size/2/len(line)))} {
		s := &score{out: filepath.Join(t.TempDir(), "scores.npy")}
		rows, err := s.open(file, f.path, f.model)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.close()
		k, err := s.create(nil, npy, 1, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		watched := &watching{source: rows}
		p := &pipeline{model: f.model, rows: watched, scores: k, threads: 2}
		if err := p.runToEnd(t.Context(), io.Discard); err != nil || p.done < size/32 {
			t.Errorf("%s: %d rows, %v", file, p.done, err)
		}
		if watched.fills < 30 || watched.most > before.HeapAlloc+allowed {
			t.Errorf("%s: %d bytes in use, after %d", file, watched.most, before.HeapAlloc)
		}
	}
}

func write(t interface{ Fatal(...any) }, path string, content []byte) {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
