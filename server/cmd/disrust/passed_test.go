//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// passing returns a command that gets files as a service manager passes them. A pid of $$ is
// the command's own pid, because the command replaces the shell.
func passing(pid string, count int, files []*os.File, command ...string) *exec.Cmd {
	script := "export LISTEN_PID=" + pid + " LISTEN_FDS=" + strconv.Itoa(count) + `; exec "$0" "$@"`
	cmd := exec.Command("sh", append([]string{"-c", script}, command...)...)
	cmd.ExtraFiles = files
	return cmd
}

// listenerFile returns a listening socket to pass.
func listenerFile(t *testing.T, network, addr string) *os.File {
	t.Helper()
	listener, err := net.Listen(network, addr)
	rawtest.Check(t, err)
	defer listener.Close()
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	file, err := listener.(interface{ File() (*os.File, error) }).File()
	rawtest.Check(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// TestPassedSockets: the daemon serves passed TCP and Unix sockets at once. The sockets keep
// connections that are made while no daemon runs, and the file of the Unix socket stays.
func TestPassedSockets(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	files := []*os.File{listenerFile(t, "tcp4", "127.0.0.1:0"), listenerFile(t, "unix", path)}
	early := make([]*rawtest.Client, 0, len(files))
	for range 3 {
		d := daemontest.StartCommand(t, passing("$$", len(files), files, smallAt()...))
		if len(d.Addrs) != 2 || d.Addrs[1] != "unix:"+path {
			t.Fatalf("the ready line names %q", d.Addrs)
		}
		for _, c := range early {
			rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128}, 0), c.Close()))
		}
		for _, addr := range d.Addrs {
			c := dial(t, addr)
			rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128}, 0), c.Close()))
		}
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
		}
		early = early[:0]
		for _, addr := range d.Addrs {
			early = append(early, dial(t, addr))
		}
	}
}

// TestPassedToAnother: the daemon leaves sockets alone that were passed to another process.
func TestPassedToAnother(t *testing.T) {
	file := listenerFile(t, "tcp4", "127.0.0.1:0")
	d := daemontest.StartCommand(t, passing("1", 1, []*os.File{file}, small()...))
	rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
}

// TestPassedRefused: the daemon refuses a descriptor that cannot be served, and addresses
// beside passed sockets, each with one sentence.
func TestPassedRefused(t *testing.T) {
	socket := listenerFile(t, "tcp4", "127.0.0.1:0")
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	rawtest.Check(t, err)
	defer datagrams.Close()
	udp, err := datagrams.(*net.UDPConn).File()
	rawtest.Check(t, err)
	defer udp.Close()
	null, err := os.Open(os.DevNull)
	rawtest.Check(t, err)
	defer null.Close()
	for _, test := range []struct {
		files  []*os.File
		count  int
		args   string
		status int
		says   string
	}{
		{[]*os.File{socket, null}, 2, "", environment, "descriptor 4 was passed to be served, but it is not a socket"},
		{[]*os.File{udp}, 1, "", environment, "descriptor 3 was passed to be served, but it is not a stream socket"},
		{nil, 0, "", environment, `LISTEN_FDS is "0"`},
		{[]*os.File{socket}, 100, "", environment, "LISTEN_FDS is 100: descriptor "},
		{[]*os.File{socket}, 1, "--listen 127.0.0.1:0", usage, "--listen, --host and --port"},
		{[]*os.File{socket}, 1, "--port 0", usage, "--listen, --host and --port"},
		{[]*os.File{socket}, 1, "--host 127.0.0.1", usage, "--listen, --host and --port"},
		{[]*os.File{socket}, 1, "2 9900", usage, "--listen, --host and --port"},
	} {
		cmd := passing("$$", test.count, test.files, append([]string{daemon}, strings.Fields(test.args)...)...)
		_, stderr, status := daemontest.RunCommandToEnd(t, cmd)
		if status != test.status || !strings.Contains(stderr, test.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, stderr %q; want %d and %q", test.args, status, stderr, test.status, test.says)
		}
	}
}
