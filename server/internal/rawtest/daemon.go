//go:build linux

package rawtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
)

// Build builds the command in the current directory and returns its path in
// dir.
func Build(dir string) (string, error) { return BuildCommand(dir, ".") }

// BuildCommand builds a command, named as for go build, and returns its path
// in dir.
func BuildCommand(dir, command string) (string, error) {
	path := dir + "/daemon"
	if out, err := exec.Command("go", "build", "-o", path, command).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// RunToEnd runs a command that is expected to end by itself, and returns what
// it wrote and its status.
func RunToEnd(t testing.TB, command ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), safety())
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q did not end by itself: %v\nstderr: %s", command, err, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// Daemon is a running server process.
type Daemon struct {
	Addr   string // the first of the ready line
	Addrs  []string
	Ready  string // the ready line
	Stdout Output
	Stderr Output
	cmd    *exec.Cmd
	ended  chan struct{}
}

var readyLine = regexp.MustCompile(`(?m)^disrust: ready on (.+?): .*\n`)

// StartDaemon starts command and returns when it says that it is ready. The
// process does not outlive the test.
func StartDaemon(t testing.TB, command ...string) *Daemon {
	t.Helper()
	d, err := Launch(exec.Command(command[0], command[1:]...))
	Check(t, err)
	t.Cleanup(d.Kill)
	return d
}

// Launch starts cmd and returns when it says that it is ready. The caller
// ends the process.
func Launch(cmd *exec.Cmd) (*Daemon, error) {
	d := &Daemon{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &d.Stdout, &d.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(d.ended)
		cmd.Wait() // ProcessState keeps how it ended
	}()
	err := await("the daemon is ready or ended", func() bool {
		if match := readyLine.FindStringSubmatch(d.Stderr.String()); match != nil {
			d.Ready, d.Addrs = match[0], regexp.MustCompile(", | and ").Split(match[1], -1)
			d.Addr = d.Addrs[0]
		}
		return d.Addr != "" || d.hasEnded()
	})
	if err == nil && d.Addr == "" {
		err = fmt.Errorf("%q ended before it was ready: %s", cmd.Args, d.Stderr.String())
	}
	if err != nil {
		d.Kill()
		return nil, err
	}
	return d, nil
}

// Ended is closed once the process has ended.
func (d *Daemon) Ended() <-chan struct{} { return d.ended }

func (d *Daemon) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// Pid is the process's number, which another process may have once it has
// ended.
func (d *Daemon) Pid() int { return d.cmd.Process.Pid }

// Signal sends the process a signal.
func (d *Daemon) Signal(sig syscall.Signal) error { return d.cmd.Process.Signal(sig) }

// Kill ends the process with SIGKILL, if it has not ended, and waits for it.
func (d *Daemon) Kill() {
	d.cmd.Process.Kill()
	<-d.ended
}

// Status waits for the process to end and returns its status, -1 when a
// signal ended it.
func (d *Daemon) Status(t testing.TB) int {
	t.Helper()
	Until(t, "the daemon ends", d.hasEnded)
	return d.ExitCode()
}

// ExitCode returns the status of a process that has ended, -1 when a signal
// ended it.
func (d *Daemon) ExitCode() int { return d.cmd.ProcessState.ExitCode() }

// Output collects what a process writes, for any goroutine to read.
type Output struct {
	mu   sync.Mutex
	text []byte
}

func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	return len(b), nil
}

// String returns what has been written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
