//go:build linux

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
)

const root = "../../.."

// settings runs the lines of the page that set a client up in another way.
const settings = "cc -I client/c -o settings settings.c client/c/disrust.c && ./settings"

// TestPages: the programs of the README compile and run as it says, in a folder that is the top of a clone,
// with the address of a daemon of the test.
func TestPages(t *testing.T) {
	sources(t)
	page, err := os.ReadFile("../README.md")
	check(t, err)
	clone, err := filepath.Abs(root)
	check(t, err)
	folder, addr := t.TempDir(), start(t, "--port", "0").Addr
	check(t, os.Symlink(filepath.Join(clone, "client"), filepath.Join(folder, "client")))
	for name, text := range programs(t, string(page)) {
		text = strings.ReplaceAll(text, "127.0.0.1:9900", addr)
		check(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	want := map[string]string{
		"./ask": "3 0\n", "./loop": "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", "./ask-cpp": "64\n64\n", settings: "allowed\n",
	}
	for _, command := range append(readme.Own(t, root, "client/c/tests"), settings) {
		shell := exec.Command("sh", "-c", command)
		shell.Dir = folder
		stdout, stderr, status := daemontest.RunCommandToEnd(t, shell)
		if status != 0 || stderr != "" || stdout != want[command] {
			t.Errorf("%s: status %d, %q, %q, want %q", command, status, stdout, stderr, want[command])
		}
		delete(want, command)
	}
	if len(want) > 0 {
		t.Errorf("the page does not run %v", want)
	}
}

// programs returns the programs that the page shows, and one around its settings.
func programs(t *testing.T, page string) map[string]string {
	t.Helper()
	c, cpp := readme.Blocks(page, "c"), readme.Blocks(page, "c++")
	if len(c) != 3 || len(cpp) != 1 {
		t.Fatalf("the page has %d blocks of C and %d of C++", len(c), len(cpp))
	}
	settings := "#include <stdio.h>\n#include \"disrust.h\"\nint main(void) {\n  disrust_config config = {0};\n" + c[1] +
		"  printf(\"%s\\n\", disrust_check(&config) ? disrust_check(&config) : \"allowed\");\n}\n"
	return map[string]string{"ask.c": c[0], "settings.c": settings, "loop.c": c[2], "ask.cpp": cpp[0]}
}
