package score

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
)

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
	for _, name := range []string{"lightgbm/lgb_multiclass", "lightgbm/lgb_rf", "xgboost/xgb_softprob_forest", "onnx/onnx_classes"} {
		f := load(t, name, forest.Options{Output: 1})
		scores, _ := scored(t, "scores.npy", f.path, f.rowsFile, "--output", "raw")
		want := goldentest.ReadArray(t, filepath.Join(filepath.Dir(f.path), "raw.npy")).Data
		if !bytes.Equal(scores[len(scores)-4*len(want):], encoded(want)) {
			t.Errorf("%s: other scores than the library's", name)
		}
	}
}

// TestBinaries: CatBoost's own files have the scores of the JSON beside them.
func TestBinaries(t *testing.T) {
	for _, file := range commandtest.Binaries(t) {
		name := "catboost/" + filepath.Base(filepath.Dir(file))
		f := load(t, name, forest.Options{})
		if scores, _ := scored(t, "scores.npy", file, f.rowsFile); !bytes.Equal(scores, f.scores(t, f.rows)) {
			t.Errorf("%s: other scores than of the JSON", name)
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

// TestBlankLines: blank lines are no rows, also before the header and more of them than a block has.
func TestBlankLines(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	content := bytes.ReplaceAll(csvRows(f.rows, 8, f.model.About.Features...), []byte("\n"), []byte("\n\r\n\n"))
	file := put(t, "rows.csv", append(bytes.Repeat([]byte("\n"), 1<<20), content...))
	if scores, _ := scored(t, "scores.npy", f.path, file); !bytes.Equal(scores, f.scores(t, f.rows)) {
		t.Error("other scores")
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
