//go:build linux && haproxy

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

const (
	proxyAddr = "127.0.0.1:9900" // as in its configuration
	rounds    = 10
)

// TestHAProxy restarts two daemons behind HAProxy in turn, ten times each, while clients send requests at
// their own pace. HAProxy sees that a daemon drains, from its agent and from /readyz, and gives new
// connections to the other one. The Go client loses no call. A connection of version 1 ends between two
// answers, and never with a reset. All answers are right.
//
// It needs root, haproxy, and ip:
//
//	go test -tags haproxy -run HAProxy ./server/cmd/disrust
func TestHAProxy(t *testing.T) {
	backends := []*backend{
		newBackend(t, "a", "10.0.1", "--io", "uring", "--batch-threads", "0"),
		newBackend(t, "b", "10.0.2", "--io", "epoll", "--batch-threads", "1"),
	}
	p := startProxy(t, "../../deploy/haproxy.cfg")
	p.awaitUp(t, backends)
	l := startLoads(t, proxyAddr)
	for range rounds {
		for _, b := range backends {
			p.awaitUp(t, backends)
			l.proceed(t)
			b.restart(t, p)
		}
	}
	p.awaitUp(t, backends)
	l.proceed(t)
	l.end(t, rounds*len(backends)-1) // the first restart leaves out the connections to the other daemon
}

// backend is a server of HAProxy: a daemon in a network of its own.
type backend struct {
	name    string
	addr    string
	command []string
	daemon  *daemontest.Daemon
}

// newBackend starts a daemon in a network whose addresses begin with prefix.
func newBackend(t *testing.T, name, prefix string, flags ...string) *backend {
	b := &backend{name: name, addr: prefix + ".2:9900"}
	b.command = append(newPlace(t, name, prefix), smallAt("--listen", b.addr, "--admin", prefix+".2:9901",
		"--drain-delay", "200ms", "--drain-spread", "100ms", "--drain-timeout", "1m")...)
	b.command = append(b.command, flags...)
	b.daemon = daemontest.Start(t, b.command...)
	return b
}

// restart ends the daemon, which has connections of HAProxy, and starts another. A connection past HAProxy
// holds the drain until HAProxy has seen it.
func (b *backend) restart(t *testing.T, p *proxy) {
	t.Helper()
	rawtest.Until(t, "HAProxy has connections to "+b.name, func() bool { return p.conns(t, b) > 0 })
	holds := dial(t, b.addr)
	rawtest.Check(t, errors.Join(holds.Send(rawtest.Hello(0, 0, 0, 0, "")), holds.Expect(rawtest.Welcome(0, 128, 1, 1, 64, "sum", ""))))
	rawtest.Check(t, b.daemon.Signal(syscall.SIGTERM))
	rawtest.Until(t, "the agent has "+b.name+" drain", func() bool { return p.state(t, b).drains })
	rawtest.Check(t, holds.Expect(rawtest.GoingAway()))
	rawtest.Until(t, b.name+" is down", func() bool { return !p.state(t, b).up })
	rawtest.Check(t, holds.Finish())
	if status, said := b.daemon.Status(t), b.daemon.Stderr.String(); status != 0 || strings.Contains(said, "the drain ended") {
		t.Errorf("%s: status %d, stderr: %s", b.name, status, said)
	}
	b.daemon = daemontest.Start(t, b.command...)
}

// proxy is a running HAProxy.
type proxy struct {
	*daemontest.Process
	socket string // where it says how its servers are
}

// startProxy starts HAProxy with the configuration in a file.
func startProxy(t *testing.T, config string) *proxy {
	version, _, _ := daemontest.RunToEnd(t, "haproxy", "-v")
	t.Log(version)
	p := &proxy{socket: t.TempDir() + "/s"}
	cmd := exec.Command("haproxy", "-db", "-f", config)
	cmd.Env = append(os.Environ(), "STATS_SOCKET="+p.socket)
	var err error
	p.Process, err = daemontest.StartProcess(cmd)
	rawtest.Check(t, err)
	t.Cleanup(p.Kill)
	rawtest.Check(t, p.AwaitReady(func() bool {
		_, err := p.ask("show info")
		return err == nil
	}))
	return p
}

// ask returns the answer to a command on the socket.
func (p *proxy) ask(command string) (string, error) {
	c, err := net.DialTimeout("unix", p.socket, time.Minute)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, command+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

// serverState is what HAProxy knows of a server.
type serverState struct {
	up     bool // by its health checks
	drains bool // by its agent
}

// state returns the state of a server. HAProxy's management guide explains the numbers at "show servers state"
// (9.3).
func (p *proxy) state(t *testing.T, b *backend) serverState {
	t.Helper()
	answer, err := p.ask("show servers state disrust")
	rawtest.Check(t, err)
	_, answer, _ = strings.Cut(answer, "\n# ") // after the version
	fields := row(t, answer, " ", "srv_name", b.name)
	admin, err := strconv.Atoi(fields["srv_admin_state"])
	rawtest.Check(t, err)
	const running, forcedDrain = "2", 0x08
	return serverState{up: fields["srv_op_state"] == running, drains: admin&forcedDrain != 0}
}

// conns returns how many connections go to a server.
func (p *proxy) conns(t *testing.T, b *backend) int {
	t.Helper()
	answer, err := p.ask("show stat")
	rawtest.Check(t, err)
	conns, err := strconv.Atoi(row(t, strings.TrimPrefix(answer, "# "), ",", "svname", b.name)["scur"])
	rawtest.Check(t, err)
	return conns
}

// row returns the fields of that row, of a table with a header, in which column is value.
func row(t *testing.T, table, comma, column, value string) map[string]string {
	t.Helper()
	header, rows, _ := strings.Cut(table, "\n")
	names := strings.Split(header, comma)
	for line := range strings.Lines(rows) {
		fields := make(map[string]string)
		for i, field := range strings.Split(strings.TrimSpace(line), comma) {
			if i < len(names) {
				fields[names[i]] = field
			}
		}
		if fields[column] == value {
			return fields
		}
	}
	t.Fatalf("no row has the %s %s:\n%s", column, value, table)
	return nil
}

// awaitUp waits until HAProxy gives new connections to all servers.
func (p *proxy) awaitUp(t *testing.T, backends []*backend) {
	t.Helper()
	for _, b := range backends {
		rawtest.Until(t, b.name+" is up", func() bool { return p.state(t, b) == serverState{up: true} })
	}
}
