package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/daemontest"
)

// root is the top of the repository.
const root = "../../.."

// shorter makes commands end soon: the last of two flags counts. Without a warm-up the first answer
// counts, however late it is.
var shorter = map[string]string{
	"sustain": " --warmup 0s --duration 100ms",
	"sweep":   " --warmup 0s --step 20ms --slo p50=1m",
}

// TestPages runs the tool's commands, in the pages of the repository and in the tool's own help,
// against the daemon, as a shell does, all in one folder and in their order.
func TestPages(t *testing.T) {
	port, folder := disrust(t).Port(), folderOfReader(t)
	done := make(map[string]bool)
	for _, command := range append(readme.Own(t, root, "client/cmd/disrust-client"), helpExamples()...) {
		if done[command] {
			continue
		}
		done[command] = true
		shell := exec.Command("sh", "-c", adapted(command, port))
		shell.Dir = folder
		shell.Env = append(os.Environ(), asTool+"=yes", "PATH="+folder+"/bin:"+os.Getenv("PATH"))
		_, stderr, status := daemontest.RunCommandToEnd(t, shell)
		if status == 0 && strings.Contains(command, " - ") {
			stderr = "" // a file goes to standard output, and the text to standard error
		}
		t.Log(command) // before settled ends the test
		settled(t, status, stderr)
	}
}

// folderOfReader returns a folder in which a reader of the pages may be: the top of a clone, with
// disrust-client in the PATH, and with rows.
func folderOfReader(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, dir := range []string{"bin", "client/cmd/disrust-client/testdata"} {
		if err := os.MkdirAll(filepath.Join(folder, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(folder, "bin/disrust-client")); err != nil {
		t.Fatal(err)
	}
	const rows = "client/cmd/disrust-client/testdata/rows.npy"
	for _, name := range []string{rows, "rows.npy"} {
		if err := os.WriteFile(filepath.Join(folder, name), read(t, filepath.Join(root, rows)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// helpExamples returns the tool's commands in the help of its commands.
func helpExamples() (examples []string) {
	for _, c := range commandTable {
		for line := range strings.Lines(c.help) {
			command, _, _ := strings.Cut(strings.TrimSpace(line), "    (")
			if strings.HasPrefix(line, "  ") && strings.Contains(command, "disrust-client") {
				examples = append(examples, command)
			}
		}
	}
	return examples
}

// adapted returns command for the daemon at port, and so that it ends soon.
func adapted(command, port string) string {
	command = strings.Replace(command, "go run ./client/cmd/disrust-client", "disrust-client", 1)
	words := strings.Fields(command)
	if words[0] != "disrust-client" {
		return command
	}
	if words[1] == "9900" {
		command = strings.Replace(command, " 9900 ", " "+port+" ", 1)
	} else if words[1] != "report" {
		command += " --port " + port
	}
	for name, flags := range shorter {
		if slices.Contains(words, name) {
			command += flags
		}
	}
	return strings.Replace(command, "1000000", "1000", 1)
}

// TestSampleRows: the rows for a first try are those that drive generates.
func TestSampleRows(t *testing.T) {
	rows, _ := rowsAndScores(16, 128)
	if want := append(rowfile.AppendHeader(nil, 16, 128), rows...); !bytes.Equal(read(t, "testdata/rows.npy"), want) {
		t.Error("testdata/rows.npy holds other rows")
	}
}
