//go:build linux

package daemontest

import (
	"net"
	"os/exec"
	"regexp"
	"strings"
)

// Daemon is a running disrust.
type Daemon struct {
	*Process
	Ready string   // the ready line
	Addrs []string // where it serves, as the ready line names them: host:port or unix:PATH
	Addr  string   // the first of them
}

// Launch starts cmd, which is the daemon or becomes it, and returns when it says
// that it is ready. The caller ends it.
func Launch(cmd *exec.Cmd) (*Daemon, error) {
	p, err := StartProcess(cmd)
	if err != nil {
		return nil, err
	}
	d := &Daemon{Process: p}
	if err := p.AwaitReady(d.isReady); err != nil {
		return nil, err
	}
	return d, nil
}

var (
	readyLine = regexp.MustCompile(`(?m)^disrust: ready on (.+?): .*\n`)
	between   = regexp.MustCompile(", | and ") // addresses
)

// isReady looks for the ready line.
func (d *Daemon) isReady() bool {
	match := readyLine.FindStringSubmatch(d.Stderr.String())
	if match == nil {
		return false
	}
	d.Ready, d.Addrs = match[0], between.Split(match[1], -1)
	d.Addr = d.Addrs[0]
	return true
}

// Port is the port of Addr, or "" of a Unix socket.
func (d *Daemon) Port() string {
	if strings.HasPrefix(d.Addr, "unix:") {
		return ""
	}
	_, port, _ := net.SplitHostPort(d.Addr) // package net has put it together
	return port
}
