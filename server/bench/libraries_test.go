//go:build linux && libraries

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/bench/internal/result"
)

// TestLibraries trains a small model with the LightGBM of the python3 in PATH, compares servers that
// score with it, among them the one around LightGBM's C API, and compiles the sources that need what
// CI does not install.
func TestLibraries(t *testing.T) {
	folder := t.TempDir()
	out, err := exec.Command("python3", "served/prepare.py", folder, "30").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	prefix, err := exec.Command("python3", "-c", "import sys; print(sys.prefix)").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.TrimSpace(string(prefix)), filepath.Join(folder, "lightgbm")); err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(folder, "runs.json")
	var stdout, stderr bytes.Buffer
	args := append(short, "--model", folder, "--work", "2x1,1x1x64", "--json", raw)
	if status := run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	report := read(t, raw)
	for _, name := range []string{"disrust", "c-epoll", "go-tcp", "go-grpc"} {
		if !slices.ContainsFunc(report.Runs, func(r result.Run) bool { return r.Peer == name }) {
			t.Errorf("%s did not run: %v", name, report.Missing)
		}
	}
	for _, m := range report.Missing {
		if !strings.Contains(m.Text, "/bin/python: server/bench/served/install.sh makes it") {
			t.Errorf("%s is left out: %s", m.Name, m.Text)
		}
	}
	sources, _ := filepath.Glob("served/*.py") // the pattern is right
	check := append([]string{"-c", "import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]"}, sources...)
	if out, err := exec.Command("python3", check...).CombinedOutput(); err != nil || len(sources) < 5 {
		t.Errorf("of %v: %v: %s", sources, err, out)
	}
}
