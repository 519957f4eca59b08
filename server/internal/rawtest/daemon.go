//go:build linux

package rawtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Build builds the command in the current directory and returns its path in
// dir.
func Build(dir string) (string, error) {
	path := dir + "/daemon"
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// RunToEnd runs a command that is expected to end by itself, and returns what
// it wrote and its status.
func RunToEnd(t testing.TB, command ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), safety)
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
	Addr   string // from the ready line
	Ready  string // the ready line
	Stdout Output
	Stderr Output
	cmd    *exec.Cmd
	ended  chan struct{}
}

var readyLine = regexp.MustCompile(`(?m)^disrust: ready on ([0-9.]+:\d+): .*\n`)

// StartDaemon starts command and returns when it says that it is ready. The
// process does not outlive the test.
func StartDaemon(t testing.TB, command ...string) *Daemon {
	t.Helper()
	d := &Daemon{cmd: exec.Command(command[0], command[1:]...), ended: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = &d.Stdout, &d.Stderr
	Check(t, d.cmd.Start())
	go func() {
		defer close(d.ended)
		d.cmd.Wait() // ProcessState keeps how it ended
	}()
	t.Cleanup(func() {
		d.cmd.Process.Kill()
		<-d.ended
	})
	Until(t, "the daemon is ready or ended", func() bool {
		if match := readyLine.FindStringSubmatch(d.Stderr.String()); match != nil {
			d.Ready, d.Addr = match[0], match[1]
		}
		return d.Addr != "" || d.hasEnded()
	})
	if d.Addr == "" {
		t.Fatalf("%q ended before it was ready: %s", command, d.Stderr.String())
	}
	return d
}

func (d *Daemon) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// Signal sends the process a signal.
func (d *Daemon) Signal(sig syscall.Signal) error { return d.cmd.Process.Signal(sig) }

// Status waits for the process to end and returns its status, -1 when a
// signal ended it.
func (d *Daemon) Status(t testing.TB) int {
	t.Helper()
	Until(t, "the daemon ends", d.hasEnded)
	return d.cmd.ProcessState.ExitCode()
}

// ResidentBytes returns how much memory the process has.
func (d *Daemon) ResidentBytes(t testing.TB) int {
	t.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", d.cmd.Process.Pid))
	Check(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1]) // resident (proc(5))
	Check(t, err)
	return pages * os.Getpagesize()
}

// ticksPerSecond is USER_HZ, the unit of times in /proc on every Linux.
const ticksPerSecond = 100

// CPU returns the time that the process's threads have run, rounded to 10 ms.
func (d *Daemon) CPU(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	Check(t, err)
	// The name in parentheses may hold spaces; utime and stime are the 14th
	// and 15th fields, the name being the second (proc(5), Linux 6.18).
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	Check(t, errors.Join(errUser, errSystem))
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

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
