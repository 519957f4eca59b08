package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
)

const models = commandtest.Models

func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return commandtest.Run(t, Command, args...)
}

// TestEveryModel: every model of the loaders' tests is described within 100 columns, and as JSON that
// says the same.
func TestEveryModel(t *testing.T) {
	for _, file := range slices.Concat(commandtest.Files(t), commandtest.Binaries(t), commandtest.Graphs(t)) {
		text, stderr, status := run(t, file)
		if status != 0 || stderr != "" || !strings.Contains(text, "--output class") {
			t.Fatalf("%s: status %d, %s%s", file, status, stderr, text)
		}
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(line) > 101 {
				t.Errorf("%s: a long line: %s", file, line)
			}
		}
		stdout, _, _ := run(t, "--json", file)
		var r report
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(file, commandtest.ONNX) && strings.Contains(text, " 0 trees") {
			t.Errorf("%s: a graph of no trees: %s", file, text)
		}
		if r.FileBytes == 0 || r.MemoryBytes == 0 && r.Trees > 0 || len(r.SHA256) != 64 || !strings.Contains(text, r.SHA256[:12]) || len(r.Answers) != 3 || r.Name != modelflag.Name(file) {
			t.Errorf("%s: %s", file, stdout)
		}
	}
}

// sample returns the report of a model, with figures that are the same on every machine and for every
// engine.
func sample(t *testing.T, model string, o forest.Options) *report {
	t.Helper()
	m, err := modelflag.Load(filepath.Join(models, model), o)
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(m, cost.Cost{
		Single:  cost.Figure{Median: 330 * time.Nanosecond},
		Few:     cost.Figure{Median: 120 * time.Nanosecond},
		Batched: cost.Figure{Median: 90 * time.Nanosecond}, Rows: 64,
	})
	r.Name, r.File, r.LoadSeconds, r.MemoryBytes, r.Kernel = "model", filepath.Base(model), 0.0004, 4288, "walk for 1 row, avx2 from 2 rows"
	return r
}

// TestReadme compares the samples in the README with what check says of models of the tests.
func TestReadme(t *testing.T) {
	const page = "../../../../README.md"
	text := func(model string) string {
		var b strings.Builder
		sample(t, model, forest.Options{}).write(&b)
		return b.String()
	}
	readme.Check(t, page, "check", "```text\n"+text("lightgbm/testdata/lgb_binary/model.txt")+"```\n")
	graph, _, _ := strings.Cut(text("../onnx/testdata/bound_sk_mlp/model.onnx"), "memory ")
	readme.Check(t, page, "check of a graph", "```text\n"+graph+"...\n```\n")
	readme.Check(t, page, "fields of check", readme.Fields(report{}))
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		model string
		o     forest.Options
		want  []string
	}{
		{"xgboost/testdata/xgb_best/model.json", forest.Options{}, []string{
			"made of         6 trees with 47 leaves, at most 3 splits deep, of all 6 iterations\n",
			"note            All 6 iterations count, although the file says that the first 4 are best:\n                --iterations best",
		}},
		{"xgboost/testdata/xgb_best/model.json", forest.Options{Iterations: forest.BestIteration}, []string{
			"4 trees with 32 leaves, at most 3 splits deep, of 4 of the 6 iterations\n", "iteration_range=(0, 4)), bit for bit\n",
		}},
		{"xgboost/testdata/xgb_poisson/model.ubj", forest.Options{}, []string{
			"XGBoost 3.2.0 UBJSON, 5515 bytes", "--output prob   booster.predict(DMatrix(rows)), at most 1 float32 step away\n",
			"--output class  refused: the objective count:poisson has no classes\n",
		}},
		{"xgboost/testdata/xgb_linear_classes/model.json", forest.Options{}, []string{
			"made of         12 weights for each output", "4 outputs (prob)", "--iterations best is refused: a gblinear model",
			"of 64 vectors: 3076 bytes, and the response 1028\n",
		}},
		{"lightgbm/testdata/lgb_categorical/model.txt", forest.Options{}, []string{
			"note            Features that hold categories, by their codes and not by their names: 6, 7.\n",
		}},
	} {
		var b strings.Builder
		sample(t, c.model, c.o).write(&b)
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s does not say %q:\n%s", c.model, want, &b)
			}
		}
		if strings.Contains(b.String(), "made of         0") || strings.Contains(b.String(), "\nstages") {
			t.Error(&b)
		}
	}
}

// TestGraph: of ONNX the stages are listed, and what such a file does not have is not told.
func TestGraph(t *testing.T) {
	m, err := modelflag.Load(commandtest.ONNX+"/onnx_classes/model.onnx", forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.About.Stages = []string{"scales 2 columns", "trees\x1b", "labels"}
	text := func() string {
		var b strings.Builder
		newReport(m, cost.Cost{}).write(&b)
		return b.String()
	}
	const stages = "stages          1. scales 2 columns\n                2. trees\\x1b\n                3. labels\nmemory"
	if got := text(); !strings.Contains(got, "made of         7 trees with 34 leaves, at most 3 splits deep\n"+stages) ||
		!strings.Contains(got, "best is refused: an ONNX file has no iterations.\n") {
		t.Error(got)
	}
	if r := newReport(m, cost.Cost{}); !slices.Equal(r.Stages, m.About.Stages) || r.Iterations != 0 || !slices.Equal(r.Classes, m.About.Classes) {
		t.Errorf("%+v", r)
	}
	if got := text(); !strings.Contains(got, "\nclasses         0 is label 0, 1 is label 1, 2 is label 2, 3 is label 3\n") {
		t.Error(got)
	}
	m.About.Classes = []string{"0", "1"}
	if got := text(); strings.Contains(got, "\nclasses") {
		t.Errorf("names that are the index say nothing: %s", got)
	}
	m.About.Classes = slices.Repeat([]string{"low", "high\x1b"}, 11)
	if got := text(); !strings.Contains(got, "\nclasses         0 is low, 1 is high\\x1b, 2 is low,") || !strings.Contains(got, "high\\x1b, and 2 more\n") {
		t.Error(got)
	}
	m.About.Trees, m.About.Leaves = 0, 0
	for i := range m.About.Answers {
		m.About.Answers[i].Near = 1e-5
	}
	got := text()
	for _, want := range []string{
		"made of         3 stages\n" + stages, "of the output)\n--output class  the index", ", unless two scores are nearly\n                equal\n",
		", usually within 1e-05 *\n                (1 + the largest score of the output)\n--output prob",
	} {
		if !strings.Contains(got, want) || strings.Contains(got, "bit for bit") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if a := newReport(m, cost.Cost{}).Answers[0]; a.Steps != nil || a.Near != 1e-5 {
		t.Errorf("%+v", a)
	}
}

// TestRefused: a file that is no model, and what the daemon would refuse, are one line and status 1.
func TestRefused(t *testing.T) {
	pickle := filepath.Join(t.TempDir(), "model.pkl")
	if err := os.WriteFile(pickle, []byte("\x80\x04\x95\x16\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{pickle, "pickle"},
		{pickle + ".none", "model.pkl.none"},
		{models + "/lightgbm/testdata/lgb_regression/model.txt --output class", "no classes"},
		{models + "/xgboost/testdata/xgb_linear/model.ubj --iterations 3", "gblinear"},
		{commandtest.ONNX + "/onnx_classes/model.onnx --iterations 3", "does not say which trees belong to an iteration: ask for all"},
		{commandtest.ONNX + "/onnx_classes/model.onnx --iterations best", "does not say which trees belong to an iteration: ask for all"},
		{commandtest.ONNX + "/onnx_one/model.onnx --output class", "the graph has 0 outputs of labels"},
		{commandtest.ONNX + "/refuse/operator.onnx", "the operator is not supported"},
	} {
		stdout, stderr, status := run(t, strings.Fields(c.args)...)
		if status != flags.StatusFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, %q, %q", c.args, status, stdout, stderr)
		}
		stdout, again, status := run(t, append(strings.Fields(c.args), "--json")...)
		var r struct{ Error string }
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || status != flags.StatusFailed || again != stderr || !strings.Contains(again, r.Error) || r.Error == "" {
			t.Errorf("%s: %v, status %d, %q, %q", c.args, err, status, stdout, again)
		}
	}
}

// TestGolden: golden vectors beside the file to which the path leads are scored, and refuse the model.
func TestGolden(t *testing.T) {
	const model = models + "/lightgbm/testdata/lgb_binary/model.txt"
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(model), "rows.npy"))
	scores := goldentest.ReadArray(t, filepath.Join(filepath.Dir(model), "raw.npy")).Data
	dir := t.TempDir()
	file, link := filepath.Join(dir, "v1.txt"), filepath.Join(dir, "model.txt")
	if err := errors.Join(os.WriteFile(file, goldentest.Read(t, model), 0o600), os.Symlink("v1.txt", link)); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join(dir, "v1.golden.npz")
	commandtest.WriteGolden(t, golden, rows.Columns, rows.Data, scores)
	says := fmt.Sprintf("\ngolden vectors  %d rows, and the scores are as they should be\n", len(scores))
	if stdout, stderr, status := run(t, link, "--output", "raw"); status != 0 || !strings.Contains(stdout, says) {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	stdout, _, _ := run(t, file, "--output", "raw", "--json")
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.GoldenRows != len(scores) {
		t.Errorf("%v, %s", err, stdout)
	}
	stdout, stderr, status := run(t, link)
	if status != flags.StatusFailed || stdout != "" || !strings.Contains(stderr, golden+": ") || !strings.Contains(stderr, "rows differ: for row 0 the model gives") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

// TestInterrupted: a signal ends the measurement.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stop it"))
	var errs bytes.Buffer
	if status := Command.Run(ctx, []string{models + "/lightgbm/testdata/lgb_binary/model.txt"}, io.Discard, &errs); status == 0 || !strings.Contains(errs.String(), "stop it") {
		t.Errorf("status %d, %s", status, &errs)
	}
}
