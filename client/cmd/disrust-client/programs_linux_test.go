package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
)

// TestPagesPrograms: the programs in the pages build outside the repository with the go.mod that
// stands beside them, and work. The client of its page asks the server of its page.
func TestPagesPrograms(t *testing.T) {
	if stdout, stderr, status := daemontest.RunToEnd(t, program(t, "README.md", "", "")); status != 0 || stdout != "[0 1 4]\n" {
		t.Errorf("the program of README.md: status %d, %q, %q", status, stdout, stderr)
	}
	model, err := filepath.Abs(filepath.Join(root, "batcher/forest/lightgbm/testdata/lgb_constant/model.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, status := daemontest.RunToEnd(t, program(t, "batcher/forest/README.md", "model.txt", model)); status != 0 || !regexp.MustCompile(`^LightGBM text v4, regression, 4 trees with 37 leaves, SHA-256 [0-9a-f]{12} \[0\.4675023\]\n$`).MatchString(stdout) {
		t.Errorf("the program of batcher/forest/README.md: status %d, %q, %q", status, stdout, stderr)
	}

	served := exec.Command(program(t, "server/README.md", "server.DefaultConfig()", "server.DefaultConfig(); cfg.Port = 0"))
	server, err := daemontest.StartProcess(served)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	var addr string
	if err := server.AwaitReady(func() bool {
		match := regexp.MustCompile(`ready.*(127\.0\.0\.1:\d+)`).FindStringSubmatch(server.Stderr.String())
		if match != nil {
			addr = match[1]
		}
		return match != nil
	}); err != nil {
		t.Fatal(err)
	}

	asking := program(t, "client/README.md", "127.0.0.1:9900", addr)
	if stdout, stderr, status := daemontest.RunToEnd(t, asking); status != 0 || stdout != "spread [-1 3 4 0 0 0]\n" {
		t.Errorf("the program of client/README.md: status %d, %q, %q", status, stdout, stderr)
	}
	server.Signal(syscall.SIGTERM)
	if status := server.Status(t); status != 0 {
		t.Errorf("the program of server/README.md: status %d, stderr %s", status, &server.Stderr)
	}
}

// program builds the program that a page shows, with text in place of old, in a folder beside a
// clone, as the page has it. It needs the network only for what the module cache lacks. It returns
// the program's path.
func program(t *testing.T, page, old, text string) string {
	t.Helper()
	mod, main := readme.Program(string(read(t, filepath.Join(root, page))))
	if !strings.Contains(main, old) {
		t.Fatalf("the program of %s does not contain %q", page, old)
	}
	beside := t.TempDir()
	clone, err := filepath.Abs(root)
	if err == nil {
		err = os.Symlink(clone, filepath.Join(beside, "disrust"))
	}
	folder := filepath.Join(beside, "program")
	if err == nil {
		err = os.Mkdir(folder, 0o700)
	}
	for name, content := range map[string]string{"go.mod": mod, "main.go": strings.Replace(main, old, text, 1)} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mod", "tidy"}, {"build", "-o", "program"}} {
		command := exec.Command("go", args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOSUMDB=off")
		if _, stderr, status := daemontest.RunCommandToEnd(t, command); status != 0 {
			t.Fatalf("%s: go %s: %s", page, strings.Join(args, " "), stderr)
		}
	}
	return filepath.Join(folder, "program")
}
