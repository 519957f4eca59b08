//go:build linux

package tests

import (
	"os/exec"
	"testing"

	"github.com/disrust/disrust/client/languages/daemon"
	"github.com/disrust/disrust/client/languages/subject"
	"github.com/disrust/disrust/server/daemontest"
)

func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

// TestBits: scores of the daemon have the bits that package client gets, with three requests in flight.
func TestBits(t *testing.T) {
	daemon.Bits(t, disrust, func(t *testing.T, way string) subject.Player {
		play := player(t, way)
		return func(t *testing.T, addr, text string) []string { return play(t, addr, "window 3\n"+text) }
	}, ways...)
}

func TestDrain(t *testing.T)    { daemon.Drain(t, disrust, compile(t, "load")) }
func TestFailover(t *testing.T) { daemon.Failover(t, disrust, compile(t, "load")) }

// TestGivesUp: calls to a daemon that is stopped end with their timeouts.
func TestGivesUp(t *testing.T) {
	program := compile(t, "subject")
	daemon.GivesUp(t, disrust, func(t *testing.T, addr string) *subject.Program {
		return subject.Start(t, exec.Command(program, "wait", addr))
	}, "the timeout passed before the scores came, written;")
}
