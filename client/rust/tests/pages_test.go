//go:build linux

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
)

const root = "../../.."

// TestPages: the programs of the README build and run as it says, in a folder beside a clone, with the address of
// a daemon of the test. The other commands of cargo run at the top of the clone.
func TestPages(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	check(t, err)
	programs, manifests := readme.Blocks(string(page), "rust"), readme.Blocks(string(page), "toml")
	if len(programs) != 3 || len(manifests) != 1 {
		t.Fatalf("the page has %d blocks of Rust and %d of TOML", len(programs), len(manifests))
	}
	addr := start(t, "--port", "0").Addr
	calls := "call 0: 128\ncall 1: 256\ncall 2: 384\n"
	ran := false
	for _, command := range readme.Own(t, root, "client/rust/tests") {
		if command != "cargo run" {
			shell(t, root, command)
			continue
		}
		ran = true
		if said := shell(t, program(t, manifests[0], programs[0], addr), command); said != "1000 scores of the model sum, first 64\n" {
			t.Errorf("the first program says %q", said)
		}
		if said := shell(t, program(t, manifests[0], programs[1], addr), command); !strings.HasPrefix(said, calls) || strings.Count(said, "\n") != 20 {
			t.Errorf("the second program says %q", said)
		}
		shell(t, program(t, manifests[0], "#![allow(dead_code)]\nfn main() {}\n"+programs[2], addr), command)
	}
	if !ran {
		t.Error("the page does not run its programs")
	}
}

// program makes the folder of a program beside a clone and returns it.
func program(t *testing.T, manifest, source, addr string) string {
	t.Helper()
	clone, err := filepath.Abs(root)
	check(t, err)
	beside := t.TempDir()
	check(t, os.Symlink(clone, filepath.Join(beside, "disrust")))
	folder := filepath.Join(beside, "ask")
	check(t, os.MkdirAll(filepath.Join(folder, "src"), 0o700))
	check(t, os.WriteFile(filepath.Join(folder, "Cargo.toml"), []byte(manifest), 0o600))
	source = strings.ReplaceAll(source, "127.0.0.1:9900", addr)
	check(t, os.WriteFile(filepath.Join(folder, "src/main.rs"), []byte(source), 0o600))
	return folder
}

// shell runs a command that must succeed, without the network, and returns what it says.
func shell(t *testing.T, folder, command string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CARGO_NET_OFFLINE=true")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil || strings.Contains(stderr.String(), "warning") {
		t.Fatalf("%s: %v, %q, %s", command, err, stdout, &stderr)
	}
	return string(stdout)
}
