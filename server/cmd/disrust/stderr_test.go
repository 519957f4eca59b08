//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestNobodyReads: stderr and stdout are pipes that are full and that nobody reads. The daemon
// serves all the same, hears SIGTERM, answers what has arrived, and ends with status 0. A
// reader that reads while the daemon lives gets its lines.
func TestNobodyReads(t *testing.T) {
	for _, read := range []bool{false, true} {
		t.Run(fmt.Sprintf("read=%t", read), func(t *testing.T) {
			stderr, stdout := newFullPipe(t), newFullPipe(t)
			port := freePort(t)
			p := stderr.start(t, stdout.w, smallAt("--port", port, "--metrics", "--metrics-interval", "1ms")...)
			addr := "127.0.0.1:" + port
			var c *rawtest.Client
			rawtest.Until(t, "the daemon serves", func() (ok bool) {
				var err error
				c, err = rawtest.Dial(addr)
				return err == nil
			})
			for seq := range 100 {
				rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, seq))
			}
			if read {
				line := stderr.readLine(t)
				if !strings.HasPrefix(line, "disrust: ready on "+addr) {
					t.Errorf("the first line is %q", line)
				}
			}
			rawtest.Check(t, p.Signal(syscall.SIGTERM))
			rawtest.Check(t, c.ExpectEOF())
			rawtest.Check(t, c.Close())
			if status := p.Status(t); status != 0 {
				t.Errorf("status %d, want 0", status)
			}
		})
	}
}

// TestNobodyReadsWhyItFails: a daemon that cannot serve ends with its status, whether or not
// anybody reads why.
func TestNobodyReadsWhyItFails(t *testing.T) {
	other := start(t)
	stderr := newFullPipe(t)
	p := stderr.start(t, nil, smallAt("--port", other.Port())...)
	if status := p.Status(t); status != environment {
		t.Errorf("status %d, want %d", status, environment)
	}
}

// fullPipe is a pipe that is full.
type fullPipe struct {
	r, w *os.File
	held int // bytes that fill it
}

func newFullPipe(t *testing.T) *fullPipe {
	t.Helper()
	const page = 4096
	r, w, err := os.Pipe()
	rawtest.Check(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	size, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, page)
	rawtest.Check(t, err)
	_, err = w.Write(make([]byte, size))
	rawtest.Check(t, err)
	return &fullPipe{r, w, size}
}

// start starts a command with the pipe as its stderr.
func (f *fullPipe) start(t *testing.T, stdout *os.File, command ...string) *daemontest.Process {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = f.w
	if stdout != nil {
		cmd.Stdout = stdout
	}
	p, err := daemontest.StartProcess(cmd)
	rawtest.Check(t, err)
	t.Cleanup(p.Kill)
	return p
}

// readLine reads what filled the pipe and then a line.
func (f *fullPipe) readLine(t *testing.T) string {
	t.Helper()
	_, err := io.CopyN(io.Discard, f.r, int64(f.held))
	rawtest.Check(t, err)
	var line strings.Builder
	for !strings.HasSuffix(line.String(), "\n") {
		_, err := io.CopyN(&line, f.r, 1)
		rawtest.Check(t, err)
	}
	return line.String()
}
