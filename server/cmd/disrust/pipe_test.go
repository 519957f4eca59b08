//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestMetricsNobodyReads: the metrics go to a pipe whose reader has left, and to a pipe that
// is full. In both cases the daemon goes on serving, and ends at a signal.
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
			written, unchanged := 0, 0 // bytes in the pipe, and round trips since they last grew
			rawtest.Until(t, "the pipe takes no more lines, and requests are served", func() bool {
				rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, seq))
				seq, unchanged = seq+1, unchanged+1
				if !leave && unread(t, r) > written {
					written, unchanged = unread(t, r), 0
				}
				return unchanged > 1000 && (leave || written > 32<<10)
			})
			rawtest.Check(t, c.Finish())
			rawtest.Check(t, d.Signal(syscall.SIGTERM))
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, want 0; stderr: %s", status, &d.Stderr)
			}
			if said := strings.Contains(d.Stderr.String(), "\ndisrust: the metrics end here: write "); said != leave {
				t.Errorf("%s: stderr is %q", name, d.Stderr.String())
			}
		})
	}
}

// unread returns how many bytes a pipe holds. A pipe is full before it holds 64 KiB, because
// the kernel does not split a line between two of its pages.
func unread(t *testing.T, r *os.File) int {
	n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
	rawtest.Check(t, err)
	return n
}
