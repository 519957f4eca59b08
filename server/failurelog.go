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
	log   *slog.Logger
	began time.Time    // of the clock below, which setting the machine's time does not change
	next  atomic.Int64 // nanoseconds since began
}

func newFailureLog(log *slog.Logger) *failureLog { return &failureLog{log: log, began: time.Now()} }

// note logs a failure. It asks err for its text at once, on the model's thread, because the
// model's next call may change what err refers to.
func (f *failureLog) note(err error, vectors int) {
	now := int64(time.Since(f.began))
	if next := f.next.Load(); now < next || !f.next.CompareAndSwap(next, now+int64(time.Second)) {
		return
	}
	args := []any{"error", faultText(err), "vectors", vectors}
	if p, panicked := errors.AsType[*batcher.PanicError](err); panicked {
		args = append(args, "stack", string(p.Stack))
	}
	f.log.Error("the model failed; the connection is closed", args...)
}
