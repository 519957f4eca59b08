//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// killRepeatedly kills the daemon with SIGKILL at random moments and starts another on its
// port, until ctx ends. Every answer that the neighbours get must be right.
func (r *round) killRepeatedly(ctx context.Context) {
	random := rand.New(rand.NewPCG(r.seed, 0))
	for {
		select {
		case <-ctx.Done():
			r.check(daemontest.Await(r.patience, "every neighbour is served again", r.neighbours.served))
			return
		case <-time.After(50*time.Millisecond + time.Duration(random.Int64N(int64(500*time.Millisecond)))):
		}
		r.fate.killed()
		r.daemon.Kill()
		took, err := r.restart()
		if !r.check(err) {
			r.fate.end() // so that no neighbour waits for another daemon
			return
		}
		r.Restarts = append(r.Restarts, took)
		r.fate.revived()
	}
}

// restart starts a daemon on the killed one's port, and returns how long it took until the
// new daemon answered. It retries while the port is in use: the kernel releases the port a
// moment after the killed daemon's end, when it takes down the io_uring that listens.
func (r *round) restart() (time.Duration, error) {
	began := time.Now()
	_, port, err := net.SplitHostPort(r.fate.addr)
	if err != nil {
		return 0, err
	}
	for {
		d, err := launch(r.options, r.plan, port)
		if err == nil {
			r.daemon = d
			err = fillUp(r.fate, 1)
			return time.Since(began), err
		}
		if !strings.Contains(err.Error(), "in use") || time.Since(began) > r.patience {
			return 0, fmt.Errorf("restart after kill -9: %w", err)
		}
	}
}
