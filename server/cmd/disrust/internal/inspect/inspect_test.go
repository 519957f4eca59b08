package inspect

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/disrust/disrust/batcher/forest"
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

func read(t *testing.T, args ...string) report {
	t.Helper()
	stdout, stderr, status := run(t, append(args, "--json")...)
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || status != 0 || stderr != "" {
		t.Fatalf("%q: %v, status %d, %s", args, err, status, stderr)
	}
	return r
}

// TestEveryModel: of every model of the loaders' tests, the histograms hold all trees, the splits of
// the features are those of the trees, and the text has at most 100 columns.
func TestEveryModel(t *testing.T) {
	for _, file := range slices.Concat(commandtest.Files(t), commandtest.Binaries(t), commandtest.Graphs(t)) {
		r := read(t, file)
		splits, byDepth, byLeaves := 0, 0, 0
		isONNX := strings.HasPrefix(file, commandtest.ONNX)
		for i, f := range r.Features {
			if (f.Use == nil) != isONNX {
				t.Fatalf("%s: feature %d is %+v", file, i, *f)
			}
			if isONNX {
				continue
			}
			splits += f.Splits
			if f.Column != i || f.Splits > 0 && len(f.Missing) == 0 {
				t.Errorf("%s: feature %d is %+v", file, i, *f)
			}
		}
		for _, b := range r.TreesByDepth {
			byDepth += b.Trees
		}
		for _, b := range r.TreesByLeaves {
			byLeaves += b.Trees
		}
		if splits != r.Leaves-r.Trees && !isONNX || byDepth != r.Trees || byLeaves != r.Trees {
			t.Errorf("%s: %d splits, %d and %d trees: %+v", file, splits, byDepth, byLeaves, r)
		}
		text, _, _ := run(t, file)
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(line) > 101 {
				t.Errorf("%s: a long line: %s", file, line)
			}
		}
	}
}

// TestGraph: of ONNX the stages are shown, and no splits and gains, which are not known.
func TestGraph(t *testing.T) {
	m, err := modelflag.Load(commandtest.ONNX+"/onnx_classes/model.onnx", forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.About.Stages = []string{"scales 2 columns", "trees\x1b"}
	r := newReport(m)
	r.order(byGain)
	r.order(bySplits)
	var b strings.Builder
	r.write(&b)
	for _, want := range []string{
		"ONNX of make.py, SHA-256", "stages          1. scales 2 columns\n                2. trees\\x1b\n", "\n7 trees with 34 leaves\n",
		"\nfeatures        2. Their names, splits and gains are not known of this format.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	if !slices.Equal(r.Stages, m.About.Stages) || r.Features[1].Column != 1 {
		t.Errorf("%+v", r)
	}
}

// TestReadme compares the sample in the README with what inspect says.
func TestReadme(t *testing.T) {
	const page = "../../../../README.md"
	text, _, _ := run(t, models+"/xgboost/testdata/xgb_categorical/model.ubj", "--sort", "gain")
	readme.Check(t, page, "inspect", "```text\n"+text+"```\n")
	readme.Check(t, page, "fields of inspect", readme.Fields(report{}))
}

func TestText(t *testing.T) {
	for file, want := range map[string][]string{
		"lightgbm/testdata/lgb_zero/model.txt":           {"zero_as_missing=1", "NaN and 0 left"},
		"lightgbm/testdata/lgb_no_missing/model.txt":     {"NaN as 0"},
		"lightgbm/testdata/lgb_categorical/model.txt":    {"lists goes left", "7       Column_7  31      468.606   NaN right; 31 by category\n"},
		"catboost/testdata/cat_rmse/model.json":          {"0       age     21      -     NaN left\n"},
		"lightgbm/testdata/lgb_bare/model.txt":           {"3 trees with"},
		"xgboost/testdata/xgb_names/model.json":          {`a "b"`, `é\u`, "booster=gbtree"},
		"xgboost/testdata/xgb_dart/model.ubj":            {"booster=dart"},
		"xgboost/testdata/xgb_linear_classes/model.json": {"0             -2.034528 -0.3289143 0.5262339 1.649248\n", "where the sums start"},
	} {
		text, stderr, status := run(t, filepath.Join(models, file))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: status %d, %s: no %q in\n%s", file, status, stderr, w, text)
			}
		}
	}
}

func TestSort(t *testing.T) {
	file := models + "/xgboost/testdata/xgb_categorical/model.ubj"
	for order, want := range map[string][]int{"column": {0, 1, 2, 3}, "splits": {2, 1, 3, 0}, "gain": {1, 2, 3, 0}} {
		for i, f := range read(t, file, "--sort", order).Features {
			if f.Column != want[i] {
				t.Errorf("by %s, feature %d comes at %d", order, f.Column, i)
			}
		}
	}
}

// TestHostileNames: what a file puts into names and parameters moves no cursor, and breaks no line.
func TestHostileNames(t *testing.T) {
	data, err := os.ReadFile(models + "/lightgbm/testdata/lgb_regression/model.txt")
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("Column_3"), []byte("\x1b[2J\t"+strings.Repeat("x", 5000)))
	data = bytes.ReplaceAll(data, []byte("[boosting: gbdt]"), []byte("[boosting: \x1b[31m]"))
	file := filepath.Join(t.TempDir(), "model.txt")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	text, stderr, status := run(t, file)
	if status != 0 || strings.ContainsAny(text, "\x1b\t") || !strings.Contains(text, `\x1b[2J\txxx`) || !strings.Contains(text, `boosting=\x1b[31m`) {
		t.Errorf("status %d, %s%q", status, stderr, text)
	}
	if name := read(t, file).Features[3].Name; len(name) < 5000 {
		t.Errorf("JSON has %q", name)
	}
}

func TestRefused(t *testing.T) {
	stdout, stderr, status := run(t, "inspect_test.go", "--json")
	if status != flags.StatusFailed || strings.Count(stderr, "\n") != 1 || !strings.Contains(stdout, `"error": "inspect_test.go: `) {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}
