//go:build linux

package tests

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/languages/daemon"
	"github.com/disrust/disrust/client/languages/subject"
	"github.com/disrust/disrust/server/daemontest"
)

func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

// TestBits: scores of the daemon have the bits that package client gets.
func TestBits(t *testing.T) { daemon.Bits(t, disrust, player, ways...) }

func TestDrain(t *testing.T)    { daemon.Drain(t, disrust, compile(t, "load")) }
func TestFailover(t *testing.T) { daemon.Failover(t, disrust, compile(t, "load")) }

// TestGivesUp: calls to a daemon that is stopped end with their timeouts, before and after their rows were sent.
func TestGivesUp(t *testing.T) {
	program := compile(t, "subject")
	s := daemon.GivesUp(t, disrust, func(t *testing.T, addr string) *subject.Program {
		return subject.Start(t, exec.Command(program, "pipeline", addr))
	}, "while waiting")
	check(t, daemontest.Await(30*time.Second, "a call gives up before its rows were sent", func() bool {
		return strings.Contains(s.Said.String(), "before a request was written")
	}))
}
