//go:build linux

// Package peer builds the servers that the benchmark compares, and starts each on a free
// port. A server is ready when it takes connections there.
package peer

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// Daemon is the import path of the daemon's command.
const Daemon = "github.com/disrust/disrust/server/cmd/disrust"

// attempts is how many times StartCommand starts a program that ends before it is ready.
const attempts = 3

// Build builds commands into dir. Each file has the name of the last part of its import path.
func Build(dir string, packages []string) error {
	own := slices.DeleteFunc(slices.Clone(packages), func(p string) bool { return p == Daemon })
	var err error
	if len(own) < len(packages) {
		_, err = daemontest.Build(dir)
	}
	if len(own) > 0 {
		err = errors.Join(err, daemontest.BuildCommands(dir, own...))
	}
	if err != nil {
		return fmt.Errorf("cannot build the servers: %w", err)
	}
	return nil
}

// Peer is a running server.
type Peer struct {
	*daemontest.Process
	Port string // on 127.0.0.1
	Addr string // 127.0.0.1 and the port

	end sync.Once
}

// Start starts a program with --port and the flags. It is otherwise like StartCommand.
func Start(program string, flags ...string) (*Peer, error) {
	return StartCommand(append([]string{program, "--port", "{port}"}, flags...))
}

// StartCommand starts a program with its arguments, in which {port} stands for the port, and
// {port2} and {port3} for other free ones. It returns when the program takes connections. The
// caller must end the program.
//
// Another process may take the free port before the program listens on it. A program that
// ends before it is ready is therefore started again on another port.
func StartCommand(command []string) (p *Peer, err error) {
	for range attempts {
		if p, err = start(command); !errors.Is(err, daemontest.ErrEnded) {
			break
		}
	}
	return p, err
}

func start(command []string) (*Peer, error) {
	var ports []string // and what each stands for
	for _, name := range []string{"{port}", "{port2}", "{port3}"} {
		port, err := daemontest.FreePort()
		if err != nil {
			return nil, err
		}
		ports = append(ports, name, port)
	}
	args, named := make([]string, len(command)), strings.NewReplacer(ports...)
	for i, arg := range command {
		args[i] = named.Replace(arg)
	}
	port := ports[1]
	cmd := exec.Command(args[0], args[1:]...)
	cmd.WaitDelay = time.Second // a process that it leaves may hold its output open for ever
	process, err := daemontest.StartProcess(cmd)
	if err != nil {
		return nil, err
	}
	p := &Peer{Process: process, Port: port, Addr: net.JoinHostPort("127.0.0.1", port)}
	if err := p.AwaitReady(p.takesConnections); err != nil {
		p.killGroup()
		return nil, err
	}
	return p, nil
}

func (p *Peer) takesConnections() bool {
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Words returns what the server has written to stderr.
func (p *Peer) Words() string { return strings.TrimSpace(p.Stderr.String()) }
