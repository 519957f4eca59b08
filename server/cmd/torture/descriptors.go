//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// scarcity is how long the daemon is without descriptors.
const scarcity = 300 * time.Millisecond

// descriptors lowers the daemon's limit of descriptors to what it has, and has
// a crowd connect: it waits, and is served when the limit is back. An
// operation is one of the crowd served.
func descriptors(ctx context.Context, p *peer) error {
	var was unix.Rlimit
	if err := unix.Prlimit(p.pid, unix.RLIMIT_NOFILE, nil, &was); err != nil {
		return err
	}
	open, err := os.ReadDir("/proc/" + strconv.Itoa(p.pid) + "/fd")
	if err != nil {
		return err
	}
	low := unix.Rlimit{Cur: min(uint64(len(open)+1), was.Max), Max: was.Max}
	if err := unix.Prlimit(p.pid, unix.RLIMIT_NOFILE, &low, nil); err != nil {
		return err
	}
	crowd, err := p.gather(ctx)
	defer leave(crowd)
	p.pause(ctx, scarcity)
	if err := errors.Join(err, unix.Prlimit(p.pid, unix.RLIMIT_NOFILE, &was, nil)); err != nil {
		return err
	}
	for _, v := range crowd {
		if err := p.answered(v); err != nil {
			return err
		}
	}
	p.pause(ctx, p.upTo(3*scarcity))
	return nil
}
