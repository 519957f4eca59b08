//go:build linux

package tests

import (
	"slices"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/client/languages/daemon"
	"github.com/disrust/disrust/client/languages/subject"
	"github.com/disrust/disrust/server/daemontest"
)

func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

// TestCases: a client keeps what its documentation promises.
func TestCases(t *testing.T) {
	t.Parallel()
	d, stopped := start(t, "--port", "0"), start(t, "--port", "0")
	check(t, stopped.Suspend())
	stdout, stderr, status := daemontest.RunCommandToEnd(t, java("Cases", d.Addr, stopped.Addr))
	if status != 0 || stdout == "" || stderr != "" {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestBits: scores of the daemon have the bits that package client gets.
func TestBits(t *testing.T) {
	t.Parallel()
	daemon.Bits(t, disrust, player, ways...)
}

func TestDrain(t *testing.T)    { daemon.Drain(t, disrust, java("Load").Args...) }
func TestFailover(t *testing.T) { daemon.Failover(t, disrust, java("Load").Args...) }

// TestIdle: a daemon that drains does not wait for a client that does nothing.
func TestIdle(t *testing.T) {
	t.Parallel()
	d := start(t, "--port", "0", "--drain-timeout", "1h")
	s := startSubject(t, "buffers", d.Addr)
	s.Write(t, subject.Round(conformance.CallTask{Rows: [][]float32{slices.Repeat([]float32{1}, 128)}}))
	s.Lines(t, 1)
	check(t, d.Signal(syscall.SIGTERM))
	if status := d.Status(t); status != 0 {
		t.Errorf("the daemon ended with status %d", status)
	}
}

// TestGivesUp: calls to a daemon that is stopped end with their timeouts.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"async", "pipeline", "buffers"} {
		daemon.GivesUp(t, disrust, func(t *testing.T, addr string) *subject.Program {
			return startSubject(t, way, addr)
		}, "while waiting")
	}
}
