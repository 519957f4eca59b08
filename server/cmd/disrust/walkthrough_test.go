//go:build linux && libraries

package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
)

const root = "../../.."

// walk is a model that a reader trains.
type walk struct {
	library  string // as the page's comments name it
	file     string // of the model
	training string // a program in Python
	network  bool   // the library gives other bits, but close ones
}

// TestWalkthrough does what the section "Serve a model file" of the README says, with the libraries
// themselves: it trains a model, serves it, scores rows and compares. So does "Verifying a model".
// It needs python3 with numpy, lightgbm, xgboost, catboost, scikit-learn, skl2onnx and onnxruntime:
//
//	go test -tags libraries -run Walkthrough ./server/cmd/disrust
func TestWalkthrough(t *testing.T) {
	tool, err := builtClient()
	if err != nil {
		t.Fatal(err)
	}
	blocks := python(t, root+"/server/README.md", 7)
	compare, expect := blocks[1], blocks[6]
	const forest, network = "from sklearn.ensemble import RandomForestClassifier", "from sklearn.neural_network import MLPClassifier"
	mlp := strings.ReplaceAll(strings.ReplaceAll(blocks[4], forest, network), "RandomForestClassifier(", "MLPClassifier(max_iter=1000, ")
	if !strings.Contains(mlp, network) || !strings.Contains(mlp, "(max_iter") {
		t.Fatalf("no network is trained:\n%s", mlp)
	}
	for _, w := range []walk{
		{"LightGBM", "model.txt", blocks[0], false},
		{"XGBoost", "model.json", blocks[2], false},
		{"CatBoost", "model.json", blocks[3], false},
		{"CatBoost", "model.cbm", strings.Replace(blocks[3], `"model.json", format="json"`, `"model.cbm"`, 1), false},
		{"ONNX", "model.onnx", blocks[4], false},
		{"ONNX", "model.onnx", mlp, true},
	} {
		name := w.library + " " + w.file
		if w.network {
			name += " of a network"
		}
		t.Run(name, func(t *testing.T) { w.check(t, tool, compare, expect) })
	}
	t.Run("golden vectors", func(t *testing.T) {
		dir := t.TempDir()
		ended(t, inFolder(dir, "python3", "-c", blocks[0]))
		ended(t, inFolder(dir, "python3", "-c", blocks[5]))
		stdout, stderr, status := daemontest.RunToEnd(t, daemon, "check", filepath.Join(dir, "model.txt"))
		if status != 0 || !strings.Contains(stdout, "golden vectors  100 rows") {
			t.Errorf("status %d, %s%s", status, stdout, stderr)
		}
	})
}

// check trains and serves the model, and compares what is answered. compare and expect are programs
// of the page: compare says how many scores differ, and expect saves those of the library.
func (w walk) check(t *testing.T, tool, compare, expect string) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ended(t, inFolder(dir, "python3", "-c", w.training))
	for _, command := range []string{"check", "inspect"} {
		if _, stderr, status := daemontest.RunToEnd(t, daemon, command, in(w.file)); status != 0 {
			t.Errorf("%s: status %d, %s", command, status, stderr)
		}
	}
	d := daemontest.Start(t, daemon, "--model", in(w.file), "--output", "raw", "--port", "0")
	ended(t, inFolder(dir, tool, "--port", d.Port(), "score", "rows.npy", "--out", "scores.npy"))
	said := ended(t, inFolder(dir, "python3", "-c", compare))
	if w.network {
		near(t, in("scores.npy"), in("predicted.npy"))
	} else if !strings.HasPrefix(said, "0 of ") {
		t.Error(said)
	}
	ended(t, inFolder(dir, "python3", "-c", w.training+"\nrows = x[:100]\n"+w.own(expect)))
	words := []string{daemon, "verify", in(w.file), "--rows", in("rows.npy"), "--expect", in("scores.npy"), "--output", "raw"}
	if stdout, stderr, status := daemontest.RunToEnd(t, words...); status != 0 {
		t.Errorf("verify: status %d, %s%s", status, stdout, stderr)
	}
}

// near compares a network's scores with the library's, which are as near as the page says.
func near(t *testing.T, answered, predicted string) {
	const most = 1e-6
	got, want := goldentest.ReadArray(t, answered), goldentest.ReadArray(t, predicted)
	if got.Columns != want.Columns || len(got.Data) != len(want.Data) || len(got.Data) == 0 {
		t.Fatalf("%d scores of %d columns, not %d of %d", len(got.Data), got.Columns, len(want.Data), want.Columns)
	}
	for i, x := range got.Data {
		if off := math.Abs(float64(x) - float64(want.Data[i])); !(off <= most) {
			t.Errorf("score %d is %v, and %v in the library: %v away", i, x, want.Data[i], off)
		}
	}
}

// own leaves out of a program the lines of other libraries.
func (w walk) own(program string) (lines string) {
	for line := range strings.Lines(program) {
		if _, library, marked := strings.Cut(strings.TrimSpace(line), "# "); !marked || library == w.library {
			lines += line
		}
	}
	return lines
}

// TestWalkthroughAtTheTop trains what the first page shows, which is the same without the
// comparison.
func TestWalkthroughAtTheTop(t *testing.T) {
	dir := t.TempDir()
	ended(t, inFolder(dir, "python3", "-c", python(t, root+"/README.md", 1)[0]))
	if _, stderr, status := daemontest.RunToEnd(t, daemon, "check", filepath.Join(dir, "model.txt")); status != 0 {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// python returns the programs in Python of a page, count of them.
func python(t *testing.T, page string, count int) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	programs := readme.Blocks(string(text), "python")
	if len(programs) != count {
		t.Fatalf("%s has %d programs in Python, not %d", page, len(programs), count)
	}
	return programs
}

func inFolder(dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), "OMP_NUM_THREADS=1") // on busy CPUs threads wait for each other
	return c
}

// ended runs a command to its end, and returns what it wrote to its standard output.
func ended(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, &stderr)
	}
	return string(out)
}
