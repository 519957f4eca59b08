//go:build linux

package daemontest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Main is for a TestMain: it builds the daemon, stores its path, runs the tests
// and returns their status.
func Main(m *testing.M, daemon *string) (status int) {
	dir, err := os.MkdirTemp("", "daemontest")
	if err == nil {
		defer os.RemoveAll(dir)
		*daemon, err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Start starts a daemon as [Launch] does. It ends with the test. If the test has failed, its log
// says how the daemon was by then and what it wrote to standard error.
func Start(t testing.TB, command ...string) *Daemon {
	t.Helper()
	return StartCommand(t, exec.Command(command[0], command[1:]...))
}

// StartCommand is Start for a command that the caller has made.
func StartCommand(t testing.TB, cmd *exec.Cmd) *Daemon {
	t.Helper()
	d, err := Launch(cmd)
	check(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s on %s %s; stderr: %s", d.name(), d.Addr, d.state(), d.Stderr.String())
		}
		d.Kill()
	})
	return d
}

// RunToEnd runs a command that is expected to end by itself, and returns what it
// wrote and its status.
func RunToEnd(t testing.TB, command ...string) (stdout, stderr string, status int) {
	t.Helper()
	return RunCommandToEnd(t, exec.Command(command[0], command[1:]...))
}

// RunCommandToEnd is RunToEnd for a command that the caller has made.
func RunCommandToEnd(t testing.TB, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := Run(ctx, cmd)
	if err != nil && p != nil {
		err = fmt.Errorf("%w; stderr: %s", err, p.Stderr.String())
	}
	check(t, err)
	return p.Stdout.String(), p.Stderr.String(), p.ExitCode()
}

// Status waits for the process to end and returns its status, -1 when a signal
// ended it.
func (p *Process) Status(t testing.TB) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	check(t, p.Wait(ctx))
	return p.ExitCode()
}

// CPU returns how long the process has run, as the function CPU has it.
func (p *Process) CPU(t testing.TB) time.Duration {
	t.Helper()
	used, err := CPU(p.Pid())
	check(t, err)
	return used
}

// ResidentBytes returns how much memory the process has.
func (p *Process) ResidentBytes(t testing.TB) int {
	t.Helper()
	size, err := statusBytes(p.Pid(), "VmRSS:")
	check(t, err)
	return size
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
