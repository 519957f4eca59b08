package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestOutputsSpareFiles: no file that a command reads, or writes already, is
// opened to be written.
func TestOutputsSpareFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	rows, _ := rowsAndScores(2, 128)
	if err := os.WriteFile("rows", rows, 0o600); err != nil {
		t.Fatal(err)
	}
	one := stored(t, "one.json", "sustain --duration 20ms")
	kept := read(t, one)
	for args, says := range map[string]string{
		"sustain --replay rows --json ./rows":         "cannot write: ./rows is read by the same command, and would be destroyed\n",
		"report " + one + " --html " + one:            "one.json is read by the same command, and would be destroyed\n",
		"report " + one + " --html page --csv ./page": "cannot write: ./page is the same file as page\n",
	} {
		status, stdout, stderr := tool(t, words(args, "")...)
		if status != 2 || stdout != "" || !strings.HasSuffix(stderr, says) {
			t.Errorf("%s: status %d, stderr %q, stdout\n%s", args, status, stderr, stdout)
		}
	}
	if !bytes.Equal(read(t, "rows"), rows) || !bytes.Equal(read(t, one), kept) {
		t.Error("what was read is not what it was")
	}
}

// TestScoresOutliveNoServer: without a server, older scores stay.
func TestScoresOutliveNoServer(t *testing.T) {
	rows, scores := rowsAndScores(2, 128)
	out := inFile(t, "scores", scores)
	status, _, stderr := tool(t, "--host", "256.0.0.1", "score", inFile(t, "rows", rows), "--out", out)
	if status != 1 || !strings.Contains(stderr, "cannot reach") || !bytes.Equal(read(t, out), scores) {
		t.Errorf("status %d, stderr %q, %d bytes of scores left", status, stderr, len(read(t, out)))
	}
}
