//go:build linux

// Package patience retries what the kernel refuses only for a moment. When a process ends,
// the kernel closes its io_urings later, and with them the listeners on which they accept and
// the locked memory that their user is charged for. So a server that is restarted finds its
// port in use, or too little locked memory, until the kernel has caught up.
package patience

import (
	"context"
	"errors"
	"syscall"
	"time"
)

const (
	// grace is how long a refusal may be one that passes.
	grace = time.Second

	pause = 5 * time.Millisecond // between two tries
)

// Retry calls try until it returns an error that does not wrap passing, or nil, and returns
// what try returned. It gives up after a second, or when ctx ends; then it returns the
// cause of ctx's end.
func Retry(ctx context.Context, passing syscall.Errno, try func() error) error {
	for began := time.Now(); ; {
		err := try()
		if !errors.Is(err, passing) || time.Since(began) > grace {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
