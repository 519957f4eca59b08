//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// daemon is the path of the command, built once for all tests.
var daemon string

func TestMain(m *testing.M) {
	rawtest.ExecRefused()
	serveStuck()
	os.Exit(daemontest.Main(m, &daemon))
}

// builtClient returns the path of the command-line client, built once for all tests.
var builtClient = sync.OnceValues(func() (string, error) { return daemontest.BuildClient(filepath.Dir(daemon)) })

// small returns the command line of a daemon on a port of the kernel's choice, with little
// memory, two I/O threads, and no request timeout, which a slow machine would exceed. args
// override these flags.
func small(args ...string) []string { return smallAt(append([]string{"--port", "0"}, args...)...) }

// smallAt is like small, but args say where the daemon listens.
func smallAt(args ...string) []string {
	command := []string{daemon, "--pool-mib", "1", "--io-threads", "2", "--request-timeout", "0"}
	return append(append(command, rawtest.TinyFlags()...), args...)
}

// start runs a small daemon.
func start(t *testing.T, args ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, small(args...)...)
}

// everyPlacement holds the flags of each placement on each backend.
var everyPlacement = [][]string{
	{"--batch-threads", "0", "--io-threads", "1", "--io", "uring"},
	{"--batch-threads", "0", "--io-threads", "2", "--io", "uring"},
	{"--batch-threads", "1", "--io-threads", "1", "--io", "uring"},
	{"--batch-threads", "1", "--io-threads", "2", "--io", "uring"},
	{"--batch-threads", "0", "--io-threads", "1", "--io", "epoll"},
	{"--batch-threads", "0", "--io-threads", "2", "--io", "epoll"},
	{"--batch-threads", "1", "--io-threads", "1", "--io", "epoll"},
	{"--batch-threads", "1", "--io-threads", "2", "--io", "epoll"},
}

// eachPlacement runs test with the flags of every placement.
func eachPlacement(t *testing.T, test func(t *testing.T, flags []string)) {
	for _, flags := range everyPlacement {
		t.Run(strings.Join(flags, " "), func(t *testing.T) { test(t, slices.Clone(flags)) })
	}
}

// roundTrip sends one request on a connection and expects its answer.
func roundTrip(c *rawtest.Client, source rawtest.Source, seq int) error {
	requests, answers := source.Pipeline(seq, 1+seq%2)
	if err := c.Send(requests); err != nil {
		return err
	}
	return c.Expect(answers)
}

func dial(t *testing.T, addr string) *rawtest.Client {
	t.Helper()
	c, err := rawtest.Dial(addr)
	rawtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"--help", "-h", "help"} {
		stdout, stderr, status := daemontest.RunToEnd(t, daemon, flag)
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, stderr %q; want 0 and nothing", flag, status, stderr)
		}
		for _, f := range defaults().list() {
			if !strings.Contains(stdout, " --"+f.Name) {
				t.Errorf("%s does not mention --%s: %s", flag, f.Name, stdout)
			}
		}
	}
}

// TestVersion: each way to ask prints the same line. Whether it has a commit depends on how
// the daemon was built.
func TestVersion(t *testing.T) {
	line := regexp.MustCompile(`^disrust \S+(, commit [0-9a-f]{40}(, modified)?)?, go1\.\S+\n$`)
	first, _, _ := daemontest.RunToEnd(t, daemon, "version")
	for _, arg := range []string{"version", "--version", "-version"} {
		stdout, stderr, status := daemontest.RunToEnd(t, daemon, arg)
		if status != 0 || stderr != "" || stdout != first || !line.MatchString(stdout) {
			t.Errorf("%s: status %d, %q, %q", arg, status, stdout, stderr)
		}
	}
}

// TestPositionals gives the threads and the port as words, with flags on either side. All
// daemons use the same port: after a drain the next daemon gets it, although the drained one
// closed its connections first.
func TestPositionals(t *testing.T) {
	port := freePort(t)
	for _, args := range [][]string{
		{"2", port},
		{"--pool-mib", "1", "2", port},
		{"2", "--pool-mib", "1", port},
		{"2", port, "--pool-mib=1", "--batch-threads", "0"},
		{"--io-threads", "2", "--port", port},
		{"-io-threads=2", "-port=" + port},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			d := daemontest.Start(t, slices.Concat([]string{daemon}, args, rawtest.TinyFlags())...)
			if d.Addr != "127.0.0.1:"+port {
				t.Errorf("the daemon is on %s, want port %s of loopback", d.Addr, port)
			}
			if !strings.Contains(d.Ready, "2 I/O threads") {
				t.Errorf("the ready line does not name 2 I/O threads: %s", d.Ready)
			}
			c := dial(t, d.Addr)
			rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, 0))
			rawtest.Check(t, errors.Join(d.Signal(syscall.SIGTERM), c.ExpectEOF(), c.Close()))
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, want 0", status)
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := daemontest.FreePort()
	rawtest.Check(t, err)
	return port
}
