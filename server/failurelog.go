//go:build linux

package server

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/batcher"
)

// failureLog logs a model's first failure, and after it at most one per second.
type failureLog struct {
	log  *slog.Logger
	now  func() time.Duration // since some moment, by a monotonic clock
	next atomic.Int64         // when the next failure may be logged, in nanoseconds
}

// note logs a failure. It asks err for its text at once, on the model's thread, because the
// model's next call may change what err refers to.
func (f *failureLog) note(err error, vectors int) {
	now := int64(f.now())
	if next := f.next.Load(); now < next || !f.next.CompareAndSwap(next, now+int64(time.Second)) {
		return
	}
	args := []any{"error", faultText(err), "vectors", vectors}
	if p, panicked := errors.AsType[*batcher.PanicError](err); panicked {
		args = append(args, "stack", string(p.Stack))
	}
	f.log.Error("the model failed for a request", args...)
}
