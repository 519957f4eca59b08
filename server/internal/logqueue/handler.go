package logqueue

import (
	"context"
	"log/slog"
	"math"
	"time"
)

// Handler is an [slog.Handler] that queues records for another.
type Handler struct {
	queue *Queue
	to    slog.Handler
	least slog.Level
}

// Handler returns a Handler that queues records of level least and above for to. Only the
// goroutine that writes calls to's Enabled and Handle. An error of Handle is dropped, as package
// slog drops it.
func (q *Queue) Handler(to slog.Handler, least slog.Level) *Handler { return &Handler{q, to, least} }

// Of returns a Handler in front of to, with a queue of its own. If to is a Handler, Of returns
// to.
func Of(to slog.Handler) *Handler {
	if h, ok := to.(*Handler); ok {
		return h
	}
	return New(func(lines string) {
		record := slog.NewRecord(time.Now(), slog.LevelWarn, lines, 0)
		handle(to, context.Background(), record)
	}).Handler(to, everything)
}

const everything = slog.Level(math.MinInt)

// Queue returns the queue in which the records wait.
func (h *Handler) Queue() *Queue { return h.queue }

// Enabled implements [slog.Handler]. It does not ask h.to, which may block.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

// Handle implements [slog.Handler]. The values of r must not change any more.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	h.queue.put(func() { handle(h.to, ctx, r) })
	return nil
}

func handle(to slog.Handler, ctx context.Context, r slog.Record) {
	if to.Enabled(ctx, r.Level) {
		to.Handle(ctx, r)
	}
}

// WithAttrs implements [slog.Handler].
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.queue, h.to.WithAttrs(attrs), h.least}
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.queue, h.to.WithGroup(name), h.least}
}
