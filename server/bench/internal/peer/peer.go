//go:build linux

// Package peer builds the servers that are compared and starts each on a free
// port, ready when it takes connections there.
package peer

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"

	"github.com/disrust/disrust/server/daemontest"
)

// Daemon is the import path of the daemon's command.
const Daemon = "github.com/disrust/disrust/server/cmd/disrust"

// attempts is how often a program may end before it is ready.
const attempts = 3

// Build builds commands into dir, each under the last part of its import path.
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
	Port string // of 127.0.0.1
	Addr string // with that port
}

// Start starts a program with --port and the flags, as StartCommand does.
func Start(program string, flags ...string) (*Peer, error) {
	return StartCommand(append([]string{program, "--port", "{port}"}, flags...))
}

// StartCommand starts a program with its arguments, in which {port} stands for the
// port, and returns when it takes connections. The caller ends it.
//
// A port that was free may be taken before the program listens on it, so one
// that ends at once gets another.
func StartCommand(command []string) (p *Peer, err error) {
	for range attempts {
		if p, err = start(command); !errors.Is(err, daemontest.ErrEnded) {
			break
		}
	}
	return p, err
}

func start(command []string) (*Peer, error) {
	port, err := daemontest.FreePort()
	if err != nil {
		return nil, err
	}
	args := make([]string, len(command))
	for i, arg := range command {
		args[i] = strings.ReplaceAll(arg, "{port}", port)
	}
	process, err := daemontest.StartProcess(exec.Command(args[0], args[1:]...))
	if err != nil {
		return nil, err
	}
	p := &Peer{process, port, net.JoinHostPort("127.0.0.1", port)}
	if err := p.AwaitReady(p.takesConnections); err != nil {
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

// Words is what the server has said.
func (p *Peer) Words() string { return strings.TrimSpace(p.Stderr.String()) }
