package verify

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
)

// golden returns the folder of a model of the libraries, and the name of its file.
func golden(t *testing.T, name string) (folder, model string) {
	t.Helper()
	for _, model = range commandtest.Files(t) {
		if folder = filepath.Dir(model); filepath.Base(folder) == name {
			return folder, model
		}
	}
	t.Fatalf("no model %s", name)
	return "", ""
}

// run returns what the command writes and its status.
func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return commandtest.Run(t, Command, args...)
}

// array writes a .npy file of float32.
func array(t *testing.T, values []float32, columns int) string {
	t.Helper()
	content := rowfile.AppendHeader(nil, int64(len(values)/columns), columns)
	content, err := binary.Append(content, binary.LittleEndian, values)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "a.npy", string(content))
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns the numbers of a .npy file.
func read(t *testing.T, path string) (values []float32, columns int) {
	t.Helper()
	a, err := rowfile.OpenArray(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	columns = 1
	if len(a.Shape) == 2 {
		columns = int(a.Shape[1])
	}
	values = make([]float32, int(a.Shape[0])*columns)
	if err := a.Next(values); err != nil {
		t.Fatal(err)
	}
	return values, columns
}

// TestGolden: every score of the libraries is equal, and none is once one bit of it is another.
func TestGolden(t *testing.T) {
	cases := 0
	for _, model := range append(commandtest.Files(t), commandtest.Binaries(t)...) {
		folder := filepath.Dir(model)
		for _, output := range []string{"raw", "prob", "class"} {
			expect := filepath.Join(folder, output+".npy")
			if _, err := os.Stat(expect); err != nil || !answers(folder, output) {
				continue
			}
			cases++
			args := []string{model, "--rows", filepath.Join(folder, "rows.npy"), "--output", output, "--iterations", iterations(folder)}
			if stdout, stderr, status := run(t, append(args, "--expect", expect)...); status != 0 || stderr != "" || !strings.Contains(stdout, "\nequal: all ") {
				t.Errorf("%s, %s: status %d, %s%s", folder, output, status, stdout, stderr)
			}
			scores, columns := read(t, expect)
			last := len(scores) - 1
			scores[last] = math.Float32frombits(math.Float32bits(scores[last]) ^ 1)
			stdout, stderr, status := run(t, append(args, "--expect", array(t, scores, columns))...)
			if status != 1 || stderr != "" || !strings.Contains(stdout, "\ndifferent: 1 of ") {
				t.Errorf("%s, %s, with another bit: status %d, %s%s", folder, output, status, stdout, stderr)
			}
		}
	}
	if cases < 80 {
		t.Errorf("%d cases", cases)
	}
}

// iterations says how many iterations the scores in a folder are of.
func iterations(folder string) string {
	if strings.HasSuffix(folder, "xgb_best") {
		return "best"
	}
	return "all"
}

// answers reports whether the model in a folder has an output. Some files hold an argmax of what
// are no classes.
func answers(folder, output string) bool {
	return output != "class" || !strings.HasSuffix(folder, "lgb_cross_entropy_lambda") && !strings.HasSuffix(folder, "xgb_labels")
}

// TestUnusable: what cannot be compared has status 2, and one sentence that says why.
func TestUnusable(t *testing.T) {
	folder, model := golden(t, "lgb_multiclass")
	rows, raw := filepath.Join(folder, "rows.npy"), filepath.Join(folder, "raw.npy")
	features, dim := read(t, rows)
	scores, outputs := read(t, raw)
	classes := filepath.Join(folder, "class.npy")
	double := func(shape string, bytes int) string {
		header := "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }"
		return file(t, "a.npy", "\x93NUMPY\x01\x00"+string([]byte{byte(len(header)), 0})+header+strings.Repeat("\x00", bytes))
	}
	for _, c := range []struct {
		args []string
		want []string // in the sentence
	}{
		{[]string{}, []string{"FILE is missing"}},
		{[]string{model, "other"}, []string{"unexpected word", "other"}},
		{[]string{model, "--expect", raw}, []string{"--rows is missing"}},
		{[]string{model, "--rows", rows}, []string{"--expect is missing"}},
		{[]string{model, "--rows", rows, "--expect", raw, "--output", "margin"}, []string{"output", "margin", "raw, prob or class"}},
		{[]string{"nowhere.txt", "--rows", rows, "--expect", raw}, []string{"nowhere.txt"}},
		{[]string{rows, "--rows", rows, "--expect", raw}, []string{rows, "NumPy"}},
		{[]string{model, "--rows", "nowhere.npy", "--expect", raw}, []string{"nowhere.npy"}},
		{[]string{model, "--rows", rows, "--expect", "nowhere.npy"}, []string{"nowhere.npy"}},
		{[]string{model, "--rows", model, "--expect", raw}, []string{model, "is text"}},
		{[]string{model, "--rows", rows, "--expect", model}, []string{model, "is no .npy file"}},
		{[]string{model, "--rows", t.TempDir(), "--expect", raw}, []string{"is no regular file"}},
		{[]string{model, "--rows", rows, "--expect", t.TempDir()}, []string{"is no regular file"}},
		{[]string{model, "--rows", array(t, features, dim*2), "--expect", raw}, []string{"features, not", "(the features of the model)"}},
		{[]string{model, "--rows", double("(1, 8)", 64), "--expect", raw}, []string{"has dtype '<f8'", "astype"}},
		{[]string{model, "--rows", rows, "--output", "raw", "--expect", array(t, scores, 1)}, []string{"has 1 scores per row", "--output raw", "has 4"}},
		{[]string{model, "--rows", rows, "--output", "class", "--expect", raw}, []string{"has 4 scores per row", "--output class", "has 1"}},
		{[]string{model, "--rows", rows, "--expect", array(t, scores[outputs:], outputs)}, []string{"has the scores of", "there are"}},
		{[]string{model, "--rows", rows, "--expect", classes}, []string{"has integers", "--output prob", "--output class"}},
		{[]string{model, "--rows", rows, "--expect", raw, "--iterations", "best"}, []string{model, "best"}},
		{[]string{model, "--rows", rows, "--expect", double("(3,)", 7)}, []string{"has 7 bytes"}},
	} {
		stdout, stderr, status := run(t, c.args...)
		if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "disrust: verify: ") {
			t.Errorf("%q: status %d, %q, %q", c.args, status, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q: %q does not name %q", c.args, stderr, want)
			}
		}
	}
	refused, _, status := run(t, "nowhere.txt", "--rows", rows, "--expect", raw, "--json")
	if status != 2 || !strings.HasPrefix(refused, "{\n \"error\": \"nowhere.txt: ") {
		t.Errorf("for a program: status %d, %q", status, refused)
	}
}

// TestInterrupted: a comparison that a signal ends has no result.
func TestInterrupted(t *testing.T) {
	folder, model := golden(t, "lgb_multiclass")
	ended, end := context.WithCancel(t.Context())
	end()
	var stdout, stderr strings.Builder
	args := []string{model, "--rows", filepath.Join(folder, "rows.npy"), "--expect", filepath.Join(folder, "raw.npy"), "--output", "raw"}
	if status := Command.Run(ended, args, &stdout, &stderr); status != 2 || stdout.String() != "" || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("status %d, %q, %q", status, &stdout, &stderr)
	}
}

// TestNowhereToWrite: a result that cannot be written is no difference.
func TestNowhereToWrite(t *testing.T) {
	folder, model := golden(t, "lgb_multiclass")
	for _, form := range []string{"--json", "--json=false"} {
		for _, expect := range []string{"raw.npy", "prob.npy"} {
			var stderr strings.Builder
			args := []string{model, "--rows", filepath.Join(folder, "rows.npy"), "--output", "raw", "--expect", filepath.Join(folder, expect), form}
			if status := Command.Run(t.Context(), args, full{}, &stderr); status != 2 || !strings.Contains(stderr.String(), "cannot write the result: the disk is full") {
				t.Errorf("%s, %s: status %d, %q", form, expect, status, &stderr)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("the disk is full")

// TestRaw: rows may be raw float32. There may be none.
func TestRaw(t *testing.T) {
	folder, model := golden(t, "lgb_multiclass")
	rows, _ := read(t, filepath.Join(folder, "rows.npy"))
	content, err := binary.Append(nil, binary.LittleEndian, rows)
	if err != nil {
		t.Fatal(err)
	}
	for path, expect := range map[string]string{
		file(t, "rows.f32", string(content)): filepath.Join(folder, "prob.npy"),
		file(t, "rows.f32", ""):              array(t, nil, 4),
	} {
		if stdout, stderr, status := run(t, model, "--rows", path, "--expect", expect); status != 0 || !strings.Contains(stdout, "equal: all ") {
			t.Errorf("status %d, %s%s", status, stdout, stderr)
		}
	}
}

// TestJSON: a program reads what a person does. NaN and the infinities are strings.
func TestJSON(t *testing.T) {
	folder, model := golden(t, "xgb_linear")
	rows, raw := filepath.Join(folder, "rows.npy"), filepath.Join(folder, "raw.npy")
	scores, columns := read(t, raw)
	right := scores[3]
	scores[3], scores[5] = float32(math.NaN()), float32(math.Inf(-1))
	stdout, stderr, status := run(t, model, "--rows", rows, "--output", "raw", "--expect", array(t, scores, columns), "--json")
	var got struct {
		File, Output          string
		Rows, Outputs, Scores int
		Equal, Different      int
		RowsDifferent         int   `json:"rows_different"`
		OneNaN                int   `json:"only_one_is_nan"`
		Rounded               *bool `json:"expected_rounded_from_float64"`
		Largest               struct {
			Row        int
			Expected   string
			Difference string
		} `json:"largest_difference"`
		First struct {
			Row, Output int
			Expected    []any
			Disrust     []float32
			Explanation *struct{}
		} `json:"first_different_row"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 1 || stderr != "" {
		t.Fatalf("status %d, %v, %q, %q", status, err, stdout, stderr)
	}
	if got.File != model || got.Output != "raw" || got.Rows != len(scores) || got.Outputs != 1 || got.Scores != len(scores) ||
		got.Different != 2 || got.Equal != len(scores)-2 || got.RowsDifferent != 2 || got.OneNaN != 1 || got.Rounded == nil || *got.Rounded {
		t.Errorf("%+v", got)
	}
	if l := got.Largest; l.Row != 5 || l.Expected != "-Inf" || l.Difference != "+Inf" {
		t.Errorf("largest: %+v", l)
	}
	if f := got.First; f.Row != 3 || f.Output != 0 || f.Expected[0] != "NaN" || f.Disrust[0] != right || f.Explanation != nil {
		t.Errorf("first: %+v", f)
	}
}

// TestONNX: a graph is not searched for what explains a difference, and the page says so.
func TestONNX(t *testing.T) {
	folder, model := golden(t, "onnx_classes")
	scores, columns := read(t, filepath.Join(folder, "raw.npy"))
	scores[2] = math.Nextafter32(scores[2], 9)
	for _, output := range []string{"raw", "prob"} {
		stdout, stderr, status := run(t, model, "--rows", filepath.Join(folder, "rows.npy"), "--output", output, "--expect", array(t, scores, columns))
		if status != 1 || stderr != "" || !strings.HasSuffix(stdout, "\nWhat explains the difference is not searched for in this format.\n") ||
			!strings.Contains(stdout, "ONNX of make.py, 7 trees") || strings.Contains(stdout, "No score is more") {
			t.Errorf("status %d, %s%s", status, stdout, stderr)
		}
	}
}

// TestGraphs: whatever a graph is made of, the library's scores are near enough, unless they overflow.
// onnxruntime's zeros have either sign.
func TestGraphs(t *testing.T) {
	for _, model := range commandtest.Graphs(t) {
		folder := filepath.Dir(model)
		stdout, stderr, status := run(t, model, "--rows", filepath.Join(folder, "rows.npy"), "--expect", filepath.Join(folder, "raw.npy"), "--json")
		var got struct {
			Promised bool `json:"as_promised"`
			Scores   int
			Largest  *struct{ Difference any } `json:"largest_difference"`
		}
		err := json.Unmarshal([]byte(stdout), &got)
		excused := strings.Contains(folder, "torch_") || got.Largest != nil && got.Largest.Difference == 0.0
		if err != nil || stderr != "" || got.Scores == 0 || (status == 0) != got.Promised || status != 0 && (status != 1 || !excused) {
			t.Errorf("%s: %v, status %d, %s%s", folder, err, status, stdout, stderr)
		}
	}
}

// TestNear: a network is as expected if it is near, and a score that is not near is shown.
func TestNear(t *testing.T) {
	model := filepath.Join(commandtest.ONNX, "bound_residual", "model.onnx")
	rows := filepath.Join(filepath.Dir(model), "rows.npy")
	scores, columns := read(t, filepath.Join(filepath.Dir(model), "raw.npy"))
	high := 0.0
	for i, x := range scores {
		if x := math.Abs(float64(x)); i%columns == 0 && x <= math.MaxFloat32 {
			high = max(high, x)
		}
	}
	for _, c := range []struct {
		off    float64 // of a score, as a part of 1 + the largest of its output
		status int
		words  string
	}{
		{0.8e-5, 0, "No score is more than 1e-05 * (1 + the largest score of its output) away: the library adds"},
		{3e-5, 1, "What explains the difference is not searched for"},
	} {
		far := slices.Clone(scores)
		far[0] += float32(c.off * (1 + high))
		stdout, stderr, status := run(t, model, "--rows", rows, "--expect", array(t, far, columns))
		if status != c.status || stderr != "" || !strings.Contains(stdout, c.words) || strings.Contains(stdout, "is the first that differs") != (c.status == 1) {
			t.Errorf("%v away: status %d, %s%s", c.off, status, stdout, stderr)
		}
	}
}

// TestMemory: files larger than what may be allocated are compared. They are holes, which take no
// disk.
func TestMemory(t *testing.T) {
	const dim, rows, most = 8, 1 << 20, 8 << 20
	folder, model := golden(t, "lgb_constant")
	_, columns := read(t, filepath.Join(folder, "rows.npy"))
	hole := file(t, "rows.f32", "")
	if err := os.Truncate(hole, 4*int64(columns)*rows); err != nil {
		t.Fatal(err)
	}
	expect := file(t, "scores.npy", string(rowfile.AppendHeader(nil, rows, 1)))
	info, err := os.Stat(expect)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(expect, info.Size()+4*rows); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stdout, stderr, status := run(t, model, "--rows", hole, "--expect", expect)
	runtime.ReadMemStats(&after)
	if status != 1 || !strings.Contains(stdout, "different: 1048576 of 1048576 scores") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > most {
		t.Errorf("%d bytes were allocated for rows of %d", got, 4*columns*rows)
	}
}
