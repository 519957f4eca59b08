//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// attackers is the process of the attackers. It ends when this one does, since
// its standard input does.
type attackers struct {
	cmd         *exec.Cmd
	stdin       io.Closer
	stdout, err bytes.Buffer
}

// unleash starts the attackers. They are nice: on another machine, where
// attackers would be, they would not take CPU from the daemon and its
// neighbours.
func unleash(t target, names []string) (*attackers, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	a := new(attackers)
	a.cmd = exec.Command("nice", append([]string{"-n", "10", self}, t.args(names)...)...)
	a.cmd.SysProcAttr = apart()
	a.cmd.Stdout, a.cmd.Stderr = &a.stdout, &a.err
	if a.stdin, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return a, a.cmd.Start()
}

// callOff ends the attackers and returns what they did. With it, all their
// connections are gone.
func (a *attackers) callOff(patience time.Duration) (tallies []*tally, err error) {
	a.stdin.Close()
	late := time.AfterFunc(patience, func() { a.cmd.Process.Kill() })
	defer late.Stop()
	if err := a.cmd.Wait(); err != nil {
		return nil, fmt.Errorf("the attackers failed: %w: %s", err, a.err.String())
	}
	return tallies, json.Unmarshal(a.stdout.Bytes(), &tallies)
}
