//go:build linux

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
)

// printed is what the programs of the page print.
var printed = map[string]string{
	"java -cp classes Ask.java":   "sum [3.0, 0.0]\n",
	"java -cp classes Many.java":  "499500.0\n",
	"java -cp classes Later.java": "0.0\n",
}

var className = regexp.MustCompile(`(?m)^class (\w+)`)

// TestReadme: the programs of the page are compiled and run as it says, in a folder beside a clone.
func TestReadme(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../README.md")
	check(t, err)
	d := start(t, "--port", "0")
	clone, err := filepath.Abs("../../..")
	check(t, err)
	beside := t.TempDir()
	check(t, os.Symlink(clone, filepath.Join(beside, "disrust")))
	folder := filepath.Join(beside, "programs")
	check(t, os.Mkdir(folder, 0o700))
	for _, program := range readme.Blocks(string(page), "java") {
		program = strings.ReplaceAll(program, "127.0.0.1:9900", d.Addr)
		check(t, os.WriteFile(filepath.Join(folder, className.FindStringSubmatch(program)[1]+".java"), []byte(program), 0o600))
	}
	ran := 0
	for _, command := range readme.Commands(string(page)) {
		if !strings.HasPrefix(command, "java") {
			continue // the benchmark, which has a test of its own
		}
		shell := exec.Command("sh", "-c", command)
		shell.Dir = folder
		out, err := shell.CombinedOutput()
		if err != nil || string(out) != printed[command] {
			t.Errorf("%s: %v, and it prints %q in place of %q", command, err, out, printed[command])
		}
		ran++
	}
	if ran != len(printed)+1 { // javac prints nothing
		t.Errorf("%d commands ran", ran)
	}
}
