//go:build linux && libraries

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
)

// TestWalkthrough does what the section "Serve a model file" of the README says, with the libraries
// themselves: it trains a model, serves it, scores rows and compares.
// So does "Verifying a model". It needs python3 with numpy,
// lightgbm and xgboost:
//
//	go test -tags libraries -run Walkthrough ./server/cmd/disrust
func TestWalkthrough(t *testing.T) {
	const root = "../../.."
	dir := t.TempDir()
	tool := filepath.Join(dir, "disrust-client")
	build := exec.Command("go", "build", "-o", tool, ".")
	build.Dir = filepath.Join(root, "client/cmd/disrust-client")
	ended(t, build)

	blocks := python(t, root+"/server/README.md", 4)
	training, compare := map[string]string{"model.txt": blocks[0], "model.json": blocks[2]}, blocks[1]
	others := map[string]string{"model.txt": "# XGBoost", "model.json": "# LightGBM"} // the lines of other libraries
	for file, train := range training {
		t.Run(file, func(t *testing.T) {
			ended(t, inFolder(dir, "python3", "-c", train))
			d := daemontest.Start(t, daemon, "--model", filepath.Join(dir, file), "--output", "raw", "--port", "0")
			ended(t, inFolder(dir, tool, "--port", d.Port(), "score", "rows.npy", "--out", "scores.npy"))
			if said := ended(t, inFolder(dir, "python3", "-c", compare)); said != "0 of 100 scores differ\n" {
				t.Error(said)
			}
			expect := train + "\nrows = x[:100]\n"
			for line := range strings.Lines(blocks[3]) {
				if !strings.Contains(line, others[file]) {
					expect += line
				}
			}
			ended(t, inFolder(dir, "python3", "-c", expect))
			words := []string{daemon, "verify", filepath.Join(dir, file), "--rows", filepath.Join(dir, "rows.npy"), "--expect", filepath.Join(dir, "scores.npy"), "--output", "raw"}
			if stdout, stderr, status := daemontest.RunToEnd(t, words...); status != 0 {
				t.Errorf("verify: status %d, %s%s", status, stdout, stderr)
			}
		})
	}

	// The page at the top shows the same training without the comparison.
	ended(t, inFolder(dir, "python3", "-c", python(t, root+"/README.md", 1)[0]))
	for _, command := range []string{"check", "inspect"} {
		if _, stderr, status := daemontest.RunToEnd(t, daemon, command, filepath.Join(dir, "model.txt")); status != 0 {
			t.Errorf("%s: status %d, %s", command, status, stderr)
		}
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
	c.Dir = dir
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
