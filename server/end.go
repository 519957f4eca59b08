//go:build linux

package server

import (
	"context"
	"sync"
	"time"
)

// State is a stage of a server's life. A server never returns to an earlier one.
type State int

const (
	Starting State = iota // Start has not returned
	Ready                 // the server serves
	Leaving               // it serves and accepts, and is about to drain: no client should choose it
	Draining              // it accepts no connection, and ends those that it has
	Ended                 // all of it has ended
)

var stateNames = [...]string{Starting: "starting", Ready: "ready", Leaving: "leaving", Draining: "draining", Ended: "ended"}

// String returns the name of s, such as "ready".
func (s State) String() string { return stateNames[s] }

// life is the state of a server. Any goroutine may use it.
type life struct {
	mu      sync.Mutex
	state   State
	changed chan struct{} // closed when the state changes
}

// State returns the stage of the server's life.
func (s *Server) State() State {
	s.life.mu.Lock()
	defer s.life.mu.Unlock()
	return s.life.state
}

// Changed returns a channel that is closed when State changes next. To miss no change, call
// Changed before State.
func (s *Server) Changed() <-chan struct{} {
	s.life.mu.Lock()
	defer s.life.mu.Unlock()
	return s.life.changed
}

// advance sets the state, unless it is a later one already.
func (l *life) advance(to State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to <= l.state {
		return
	}
	l.state = to
	close(l.changed)
	l.changed = make(chan struct{})
}

// Drain ends the server as Run does when its context has ended. The server is no longer Ready
// from now on. It serves on for Config.DrainDelay, and then drains as Shutdown does, for at most
// Config.DrainSpread and Config.DrainTimeout together. When ctx ends first, the server closes what is
// left. The error is that of Shutdown.
func (s *Server) Drain(ctx context.Context) error {
	s.life.advance(Leaving)
	delay := time.NewTimer(s.cfg.DrainDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-ctx.Done():
	case <-s.ended:
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.DrainSpread+s.cfg.DrainTimeout)
	defer cancel()
	return s.Shutdown(ctx)
}
