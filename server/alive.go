//go:build linux

package server

import (
	"context"
	"fmt"
	"time"

	"github.com/disrust/disrust/server/internal/loop"
)

// alivePoll is how often Alive looks at threads that have not moved.
const alivePoll = 2 * time.Millisecond

// Alive returns nil once each thread has shown that it goes on: it wakes the I/O threads, and waits until
// each has gone through its loop. A batch thread must have scored requests, or there are none. If
// ctx ends first, Alive returns an error that names a thread which has shown nothing: its model
// has not returned, or it gets no CPU. A watchdog calls it now and then. The threads pay for being
// woken, and for nothing else.
func (s *Server) Alive(ctx context.Context) error {
	wakes := make([]uint32, len(s.threads))
	for i, t := range s.threads {
		wakes[i] = t.Wakes()
	}
	scored := s.scored()
	s.each(func(*loop.Thread) {})
	ticks := time.NewTicker(alivePoll)
	defer ticks.Stop()
	for i, t := range s.threads {
		for t.Wakes() == wakes[i] && !t.over.Load() {
			if err := next(ctx, ticks); err != nil {
				return fmt.Errorf("I/O thread %d does not go on: %w", i, err)
			}
		}
	}
	for s.placement == Dedicated && s.requests[0].Occupancy() > 0 && s.scored() == scored {
		if err := next(ctx, ticks); err != nil {
			return fmt.Errorf("the batch thread does not go on: %w", err)
		}
	}
	return nil
}

// next waits for the next tick.
func next(ctx context.Context, ticks *time.Ticker) error {
	select {
	case <-ticks.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// scored returns a number that grows whenever a batch thread has scored requests. Its own count grows
// after a poll of the ring, and the I/O threads' counts already after a batch.
func (s *Server) scored() uint64 {
	m := s.Metrics()
	return m.Batches + m.Answers + m.ModelFailures
}
