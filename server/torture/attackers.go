//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// attackers is the process of the attackers.
type attackers struct {
	*daemontest.Process
	stdin io.Closer
}

// unleash starts the attackers. They are nice: on another machine, where
// attackers would be, they would not take CPU from the daemon and its
// neighbours.
func unleash(t target, names []string) (*attackers, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("nice", append([]string{"-n", "10", self}, t.args(names)...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p, err := daemontest.StartProcess(cmd)
	return &attackers{p, stdin}, err
}

// callOff ends the attackers, which do when their standard input does, and returns
// what they did. With it, all their connections are gone.
func (a *attackers) callOff(patience time.Duration) (tallies []*tally, err error) {
	a.stdin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.Wait(ctx); err != nil {
		return nil, fmt.Errorf("the attackers: %w: %s", err, &a.Stderr)
	}
	if status := a.ExitCode(); status != 0 {
		return nil, fmt.Errorf("the attackers failed with status %d: %s", status, &a.Stderr)
	}
	return tallies, json.Unmarshal([]byte(a.Stdout.String()), &tallies)
}
