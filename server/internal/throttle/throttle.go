// Package throttle bounds how many lines of a log somebody else can cause.
package throttle

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	interval    = 10 * time.Second // begins with a message's first record
	maxLines    = 100              // of a message in an interval
	maxMessages = 8                // that have a bound of their own in an interval; all others share one
)

// Handler is an [slog.Handler] that passes at most 100 records of a message in 10 seconds, and 900
// records of all messages. When the 10 seconds are over, one more record has, as the attribute more,
// how many were left out. So every record is passed or counted once.
//
// Handlers that come from one another by WithAttrs and WithGroup count together. Any number of
// goroutines may use them.
type Handler struct {
	to     slog.Handler
	counts *counts
}

// counts are those of a Handler and of all that come from it.
type counts struct {
	to slog.Handler // for what is said of records that were left out

	mu       sync.Mutex
	messages map[string]*message
}

// message is what came of a message in its interval.
type message struct {
	timer  *time.Timer // ends the interval
	passed int
	more   uint64     // left out
	level  slog.Level // of the last one that was left out
}

// New returns a Handler that passes records to another, whose Handle must not wait.
func New(to slog.Handler) *Handler {
	return &Handler{to, &counts{to: to, messages: make(map[string]*message)}}
}

// Enabled implements [slog.Handler].
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.to.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.to.WithAttrs(attrs), h.counts}
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.to.WithGroup(name), h.counts}
}

// Handle implements [slog.Handler].
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if !h.counts.pass(&r) {
		return nil
	}
	return h.to.Handle(ctx, r)
}

// Flush ends all intervals: it says now what was left out.
func (h *Handler) Flush() {
	h.counts.mu.Lock()
	names := slices.Sorted(maps.Keys(h.counts.messages))
	h.counts.mu.Unlock()
	for _, name := range names {
		h.counts.end(name)
	}
}

// others is the name under which messages count that have no bound of their own.
const others = ""

// pass reports whether a record may pass, and counts it.
func (c *counts) pass(r *slog.Record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := r.Message
	m := c.messages[name]
	if m == nil && len(c.messages) >= maxMessages {
		name = others
		m = c.messages[name]
	}
	if m == nil {
		m = &message{}
		m.timer = time.AfterFunc(interval, func() { c.end(name) })
		c.messages[name] = m
	}
	if m.passed < maxLines {
		m.passed++
		return true
	}
	m.more++
	m.level = r.Level
	return false
}

// end ends the interval of a message.
func (c *counts) end(name string) {
	c.mu.Lock()
	m := c.messages[name]
	delete(c.messages, name)
	c.mu.Unlock()
	if m == nil {
		return // Flush and the timer have met
	}
	m.timer.Stop()
	if m.more == 0 {
		return
	}
	r := slog.NewRecord(time.Now(), m.level, "lines were left out", 0)
	if name != others {
		r.AddAttrs(slog.String("line", name))
	}
	r.AddAttrs(slog.Uint64("more", m.more))
	c.to.Handle(context.Background(), r)
}
