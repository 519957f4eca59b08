//go:build linux

// Package daemon tests a client in any language, in programs, with the real daemon. Its tests take the path of the
// daemon, which daemontest builds.
package daemon

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

// Drain ends two daemons in turn with SIGTERM under load, and starts them again. No call fails, although the client
// sends nothing again that was lost.
//
// The command is that of a program load, which has the further arguments RETRIES ADDR...: it keeps calls in flight until
// its standard input ends, and sends the rows of a call that was lost again up to RETRIES times. It prints a line for
// some hundred calls, and ends with an error at the first one that fails or has other scores than the daemon's model sum
// gives.
func Drain(t *testing.T, disrust string, command ...string) {
	t.Helper()
	underLoad(t, disrust, append(command, "0"), func(d *daemontest.Daemon, l load) {
		l.proceed(t, 2)
		check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 {
			t.Errorf("the daemon ended with status %d", status)
		}
	})
}

// Failover kills two daemons in turn under the load of Drain, and starts them again: with retries every call gets its
// scores.
func Failover(t *testing.T, disrust string, command ...string) {
	t.Helper()
	underLoad(t, disrust, append(command, "10"), func(d *daemontest.Daemon, l load) {
		l.proceed(t, 10) // their answers earn the next retries
		d.Kill()
	})
}

// load is the running program of this name.
type load struct{ *daemontest.Process }

// underLoad ends one of two daemons, six times, and starts it again after the load has gone on. The load must find no
// fault.
func underLoad(t *testing.T, disrust string, command []string, end func(*daemontest.Daemon, load)) {
	t.Helper()
	daemons := []*daemontest.Daemon{start(t, disrust, "--port", "0"), start(t, disrust, "--port", "0")}
	cmd := exec.Command(command[0], append(command[1:], daemons[0].Addr, daemons[1].Addr)...)
	stop, err := cmd.StdinPipe()
	check(t, err)
	p, err := daemontest.StartProcess(cmd)
	check(t, err)
	t.Cleanup(p.Kill)
	l := load{p}
	for round := range 6 {
		d := &daemons[round%2]
		end(*d, l)
		l.proceed(t, 2)
		*d = start(t, disrust, "--port", (*d).Port())
	}
	stop.Close()
	if status := l.Status(t); status != 0 {
		t.Errorf("the load ended with status %d: %s", status, l.Stderr.String())
	}
}

// proceed waits until the program has printed some more lines, or has ended.
func (l load) proceed(t *testing.T, lines int) {
	t.Helper()
	goal := strings.Count(l.Stdout.String(), "\n") + lines
	check(t, daemontest.Await(safety, fmt.Sprintf("%d lines of answers under load", lines), func() bool {
		return strings.Count(l.Stdout.String(), "\n") >= goal || l.HasEnded()
	}))
}

func start(t *testing.T, disrust string, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
