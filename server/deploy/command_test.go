//go:build linux && deploy

package main

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// patience bounds every wait, and decides no test: a build without a cache, or the download of a system,
// may take minutes.
const patience = 10 * time.Minute

// command runs a command, which must succeed, and returns what it printed.
func command(t *testing.T, line ...string) (stdout string) {
	t.Helper()
	return finish(t, exec.Command(line[0], line[1:]...))
}

// finish is command for one that the caller has made.
func finish(t *testing.T, cmd *exec.Cmd) (stdout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := daemontest.Run(ctx, cmd)
	check(t, err)
	if p.ExitCode() != 0 {
		t.Fatalf("%q: status %d, %s", cmd.Args, p.ExitCode(), &p.Stderr)
	}
	return p.Stdout.String()
}
