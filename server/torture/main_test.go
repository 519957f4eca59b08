//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// daemon is the path of the daemon, built once for all tests.
var daemon string

// TestMain runs the tests, a fake daemon, or what torture starts as a copy of itself.
func TestMain(m *testing.M) {
	if isFake(os.Args) {
		os.Exit(fakeMain(os.Args))
	}
	if status, ok := asChild(os.Args[1:]); ok {
		os.Exit(status)
	}
	os.Exit(daemontest.Main(m, &daemon))
}

// TestDaemon tortures the real daemon for a short time, in every placement, with all attacks.
func TestDaemon(t *testing.T) {
	for attacks, total := range map[string]string{"all": "4s", "descriptors": "2s", failingRowsName: "2s", "kill": "2s"} {
		t.Run(attacks, func(t *testing.T) {
			args := []string{"--for", total, "--attacks", attacks, "--daemon", daemon, "--"}
			status, stdout, stderr := runHere(t, append(args, rawtest.TinyFlags()...)...)
			if status != 0 || stderr != "" || !strings.Contains(stdout, "\npassed: 4 rounds, ") {
				t.Errorf("status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
			}
		})
	}
}

// TestSmallDaemon tortures a daemon with rings of four slots and the smallest pool.
func TestSmallDaemon(t *testing.T) {
	status, stdout, stderr := runHere(t, "--for", "4s", "--daemon", daemon,
		"--", "--request-ring", "4", "--response-ring", "4", "--pool-mib", "1")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
	}
}

// TestNoDaemon: every round reports a fault if the daemon does not start.
func TestNoDaemon(t *testing.T) {
	status, stdout, _ := runHere(t, "--daemon", "/dev/null")
	if status != flags.StatusFailed || strings.Count(stdout, "FAULT: ") != len(placements) {
		t.Errorf("status %d, stdout:\n%s", status, stdout)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestUnwrittenReport: a report that cannot be written is a failure with a sentence of its own.
func TestUnwrittenReport(t *testing.T) {
	for _, o := range []options{{}, {json: true}} {
		out := newReporter(full{}, o)
		out.add(&result{})
		if _, err := out.verdict(); err == nil || err.Error() != "cannot write the report: no space" {
			t.Errorf("json %v: %v", o.json, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	for _, test := range []struct{ args, names string }{
		{"--for 0s", "0s 100ms"},
		{"--for 25h", "25h 24h"},
		{"--for ever", "ever 10s"},
		{"--placement inline/3", "inline/3 placement --help"},
		{"--attacks reset,kil", "kil attacks --help"},
		{"--attacks=", "attacks"},
		{"--attacks reset,kill", "kill attacks"},
		{"--attacks descriptors,reset", "descriptors attacks"},
		{"--seed -1", "-1 seed 0"},
		{"--max-conns 3", "3 max-conns 16 8192"},
		{"--nosuch", "nosuch flag"},
		{"more", "more"},
		{"--sede 1", "sede --seed"},
		{"-- --port 1", "--port"},
		{"-- --pin -dim=4", "--dim"},
		{"-- plan", "plan flag"},
		{"-- 2 9911", "2 flag"},
		{"-- --pin 2", "2 flag"},
		{"-- --pool-mib 1 2", "2 flag"},
		{"-- --wait=block 2", "2 flag"},
	} {
		t.Run(test.args, func(t *testing.T) {
			status, stdout, stderr := runHere(t, strings.Fields(test.args)...)
			if status != flags.StatusUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "torture: ") {
				t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
			for name := range strings.FieldsSeq(test.names) {
				if !strings.Contains(stderr, name) {
					t.Errorf("stderr does not contain %q: %q", name, stderr)
				}
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := runHere(t, "--help")
	for _, name := range append(append(attackNames(), descriptorsName, failingRowsName, "kill"), placementNames()...) {
		if !strings.Contains(stdout, name) {
			t.Errorf("no %s in %q", name, stdout)
		}
	}
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

func runHere(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// TestReadme compares the README's table of flags with the code; with -update it writes the
// table.
func TestReadme(t *testing.T) { readme.Check(t, "README.md", "flags", defaults().list().Markdown()) }
