package logqueue

import (
	"context"
	"log/slog"
	"time"
)

// Handler is an [slog.Handler] that queues records for another.
type Handler struct {
	queue *Queue
	to    slog.Handler
}

// Handler returns a Handler that queues records for to. Only the goroutine that writes calls
// to's Enabled and Handle. An error of Handle is dropped, as package slog drops it.
func (q *Queue) Handler(to slog.Handler) *Handler { return &Handler{q, to} }

// Of returns a Handler in front of to, with a queue of its own. If to is a Handler, Of returns
// to.
func Of(to slog.Handler) *Handler {
	if h, ok := to.(*Handler); ok {
		return h
	}
	return New(func(lines string) {
		record := slog.NewRecord(time.Now(), slog.LevelWarn, lines, 0)
		handle(to, context.Background(), record)
	}).Handler(to)
}

// Queue returns the queue in which the records wait.
func (h *Handler) Queue() *Queue { return h.queue }

// Enabled implements [slog.Handler]. It is always true, because h.to may block.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

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
	return &Handler{h.queue, h.to.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.queue, h.to.WithGroup(name)}
}
