//go:build linux

package server

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/batcher"
)

// failureLog logs a model's first failure, and after it at most one per second. The attribute more of a
// line counts the failures since the line before.
type failureLog struct {
	log  *slog.Logger
	now  func() time.Duration // since some moment, by a monotonic clock
	next atomic.Int64         // when the next failure may be logged, in nanoseconds
	more atomic.Uint64        // failures without a line since the last line
}

// note logs or counts a failure. It asks err for its text at once, on the model's thread, because
// the model's next call may change what err refers to.
func (f *failureLog) note(err error, vectors int) {
	now := int64(f.now())
	if next := f.next.Load(); now < next || !f.next.CompareAndSwap(next, now+int64(time.Second)) {
		f.more.Add(1)
		return
	}
	attrs := []slog.Attr{slog.String("error", faultText(err)), slog.Int("vectors", vectors)}
	if p, panicked := errors.AsType[*batcher.PanicError](err); panicked {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	if more := f.more.Swap(0); more > 0 {
		attrs = append(attrs, slog.Uint64("more", more))
	}
	f.log.LogAttrs(context.Background(), slog.LevelError, "the model failed for a request", attrs...)
}

// flush logs one line with the number of failures that no line has counted yet, if there are any. A server
// calls it when it ends.
func (f *failureLog) flush() {
	if more := f.more.Swap(0); more > 0 {
		f.log.LogAttrs(context.Background(), slog.LevelError, "the model failed for requests", slog.Uint64("more", more))
	}
}
