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

// attackers is the attackers' process, as torture sees it.
type attackers struct {
	*daemontest.Process
	stdin io.Closer
}

// startAttackers starts the attackers' process, at nice 10. Real attackers are on other
// machines and take no CPU from the daemon and its neighbours.
func startAttackers(t target, names []string) (*attackers, error) {
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

// stopAndTally closes the attackers' standard input, which ends them, and returns what they
// did. Their connections are then closed.
func (a *attackers) stopAndTally(patience time.Duration) (tallies []*tally, err error) {
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
