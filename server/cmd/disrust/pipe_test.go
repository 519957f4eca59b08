//go:build linux

package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestMetricsNobodyReads has the metrics go to a pipe whose reader has left, and
// to one that is full: neither ends the daemon, nor keeps it from ending.
func TestMetricsNobodyReads(t *testing.T) {
	for name, leave := range map[string]bool{"the reader has left": true, "the pipe is full": false} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			rawtest.Check(t, err)
			defer r.Close()
			command := small("--metrics", "--metrics-interval", "1ms")
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Stdout = w
			d := daemontest.StartCommand(t, cmd)
			w.Close()
			if leave {
				r.Close()
			}
			c, seq := dial(t, d.Addr), 0
			written, still := 0, 0 // bytes in the pipe, and turns since they were fewer
			rawtest.Until(t, "lines are lost, and requests served all along", func() bool {
				rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, seq))
				seq, still = seq+1, still+1
				if !leave && unread(t, r) > written {
					written, still = unread(t, r), 0
				}
				return still > 1000 && (leave || written > 32<<10)
			})
			rawtest.Check(t, c.Finish())
			rawtest.Check(t, d.Signal(syscall.SIGTERM))
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, want 0; stderr: %s", status, &d.Stderr)
			}
		})
	}
}

// unread is how many bytes lie in a pipe. It is full before they are the 64 KiB
// that it holds, since no line is cut at the end of one of its pages.
func unread(t *testing.T, r *os.File) int {
	n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
	rawtest.Check(t, err)
	return n
}
