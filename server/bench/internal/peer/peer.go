//go:build linux

// Package peer is the life of a server's process: built, started on a free port,
// ready when it takes connections, its CPU time read, stopped.
package peer

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// patience is how long a process may take to be ready, and to end.
const patience = 10 * time.Second

// attempts is how often a program may end before it is ready.
const attempts = 3

var errEnded = errors.New("ended before it was ready")

// Build builds commands into dir, each under the last part of its import path.
func Build(dir string, packages []string) error {
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, packages...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the servers: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// Peer is a running server.
type Peer struct {
	Addr string

	cmd    *exec.Cmd
	stderr bytes.Buffer  // valid once ended
	ended  chan struct{} // closed when it has ended
}

// Start starts a program with --port and the flags, as StartCommand does.
func Start(program string, flags ...string) (*Peer, error) {
	return StartCommand(append([]string{program, "--port", "{port}"}, flags...))
}

// StartCommand starts a program with its arguments, in which {port} stands for the
// port, and returns when it takes connections. The caller stops it; it does not outlive
// this process.
//
// A port that was free may be taken before the program listens on it, so one
// that ends at once gets another.
func StartCommand(command []string) (p *Peer, err error) {
	for range attempts {
		if p, err = start(command); !errors.Is(err, errEnded) {
			break
		}
	}
	return p, err
}

func start(command []string) (*Peer, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr) // it was put together by package net
	p := &Peer{Addr: addr, ended: make(chan struct{})}
	args := make([]string, len(command))
	for i, arg := range command {
		args[i] = strings.ReplaceAll(arg, "{port}", port)
	}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // not the terminal's Ctrl-C
	if err := p.launch(); err != nil {
		return nil, err
	}
	if err := p.ready(); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(args[0]), err, strings.TrimSpace(p.stderr.String()))
	}
	return p, nil
}

// freeAddr finds a port that nobody listens on.
func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// launch starts the process and waits for its end in the background.
//
// Both on one thread that does nothing else: Pdeathsig kills the process when
// the thread that started it ends (PR_SET_PDEATHSIG(2const)), and threads do end
// in a program that locks goroutines to them.
func (p *Peer) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // a server ends by a signal, whatever its status
			close(p.ended)
		}
	}()
	return <-started
}

// ready connects until that works.
func (p *Peer) ready() error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		conn, err := net.Dial("tcp", p.Addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return errEnded
		case <-tick.C:
		}
	}
	return fmt.Errorf("takes no connection within %v", patience)
}

// Stop ends the process with SIGTERM, or SIGKILL when that takes too long. It may
// be called again.
func (p *Peer) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
}

// Pid is the process's number.
func (p *Peer) Pid() int { return p.cmd.Process.Pid }

// Words is what the process said, once stopped.
func (p *Peer) Words() string { return strings.TrimSpace(p.stderr.String()) }
