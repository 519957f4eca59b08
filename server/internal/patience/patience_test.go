//go:build linux

package patience

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// TestRetry: only the error that passes is retried, wrapped or not.
func TestRetry(t *testing.T) {
	passing, lasting := fmt.Errorf("a ring: %w", syscall.ENOMEM), errors.New("lasting")
	for _, want := range []struct {
		results []error // of the tries; the last is that of Retry
	}{
		{[]error{nil}},
		{[]error{lasting}},
		{[]error{passing, passing, nil}},
		{[]error{passing, syscall.ENOMEM, lasting}},
	} {
		tries := 0
		err := Retry(t.Context(), syscall.ENOMEM, func() error {
			tries++
			return want.results[tries-1]
		})
		if err != want.results[len(want.results)-1] || tries != len(want.results) {
			t.Errorf("%v: %d tries and %v", want.results, tries, err)
		}
	}
}

// TestRetryGivesUp: a refusal that does not pass is returned.
func TestRetryGivesUp(t *testing.T) {
	tries := 0
	err := Retry(t.Context(), syscall.EADDRINUSE, func() error { tries++; return syscall.EADDRINUSE })
	if err != syscall.EADDRINUSE || tries < 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

// TestRetryHeedsContext: the end of the context ends the retries.
func TestRetryHeedsContext(t *testing.T) {
	cause := errors.New("a signal")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Retry(ctx, syscall.ENOMEM, func() error {
		cancel(cause)
		return syscall.ENOMEM
	})
	if err != cause {
		t.Errorf("%v, want %v", err, cause)
	}
}
