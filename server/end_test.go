//go:build linux

package server_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// drain ends a server with Drain, on a goroutine of its own.
func drain(ctx context.Context, s *rawtest.Server) <-chan error {
	s.Ended = true
	ended := make(chan error, 1)
	go func() { ended <- s.Drain(ctx) }()
	return ended
}

// await waits until the server has reached a state.
func await(t *testing.T, s *rawtest.Server, state server.State) {
	t.Helper()
	for {
		changed := s.Changed()
		if s.State() >= state {
			break
		}
		<-changed
	}
	if got := s.State(); got != state {
		t.Errorf("the server is %s, want %s", got, state)
	}
}

// TestLeavingServes: before the drain, a server that is no longer ready accepts and answers. When
// the context of Drain ends, the server ends.
func TestLeavingServes(t *testing.T) {
	late := func(cfg *server.Config) { cfg.DrainDelay = time.Hour }
	rawtest.EachPlacement(t, late, func(t *testing.T, s *rawtest.Server) {
		await(t, s, server.Ready)
		old := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 1})
		rawtest.Check(t, old.turn())
		ctx, cancel := context.WithCancel(t.Context())
		ended := drain(ctx, s)
		await(t, s, server.Leaving)
		fresh := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 2})
		for range 3 {
			rawtest.Check(t, errors.Join(old.turn(), fresh.turn()))
		}
		rawtest.Check(t, errors.Join(old.Finish(), fresh.Finish()))
		rawtest.Until(t, "both connections have ended", func() bool { return s.Metrics().Conns == 0 })
		cancel()
		rawtest.Check(t, <-ended)
		await(t, s, server.Ended)
	})
}

// TestDelayLasts: the drain begins when the delay is over, and not before.
func TestDelayLasts(t *testing.T) {
	const delay = 50 * time.Millisecond
	rawtest.EachPlacement(t, func(cfg *server.Config) { cfg.DrainDelay = delay }, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(anything), c.Expect(welcome)))
		began := time.Now()
		ended := drain(t.Context(), s)
		rawtest.Check(t, c.Expect(rawtest.GoingAway()))
		if took := time.Since(began); took < delay {
			t.Errorf("the drain began after %v", took)
		}
		await(t, s, server.Draining)
		rawtest.Check(t, c.Finish())
		rawtest.Check(t, <-ended)
	})
}

// TestShutdownIsNotReady: Shutdown drains at once, whatever the delay is.
func TestShutdownIsNotReady(t *testing.T) {
	rawtest.Run(t, func(cfg *server.Config) { cfg.DrainDelay = time.Hour }, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(anything), c.Expect(welcome)))
		ended := shutdown(s)
		rawtest.Check(t, c.Expect(rawtest.GoingAway()))
		await(t, s, server.Draining)
		rawtest.Check(t, c.Finish())
		rawtest.Check(t, <-ended)
		await(t, s, server.Ended)
	})
}
