//go:build linux

package server_test

import (
	"context"
	"errors"
	"io"
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

// TestSpread: a drain lasts for as long as it spreads the ends of connections. Until its own end each
// connection is served: one of version 2 that asks on and on until its FIN after the notice, and
// one of version 1 until EOF, which comes between two answers.
func TestSpread(t *testing.T) {
	const each, spread = 6, 2 * loopTick
	rawtest.EachPlacement(t, func(cfg *server.Config) { cfg.DrainSpread = spread }, func(t *testing.T, s *rawtest.Server) {
		var v1 [each]*loop
		var v2 [each]*rawtest.Client
		for i := range each {
			v1[i], v2[i] = newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: i}), dial(t, s.Addr)
			rawtest.Check(t, errors.Join(v1[i].turn(), v2[i].Send(anything), v2[i].Expect(welcome)))
		}
		began := time.Now()
		ended := shutdown(s)
		rawtest.Check(t, rawtest.Each(2*each, func(i int) error {
			if i < each {
				return v1[i].untilEOF()
			}
			requests, answers := rawtest.Source{Dim: 128, Client: i}.Pipeline(1, 2)
			c := v2[i-each]
			return errors.Join(c.Expect(rawtest.GoingAway()), c.Send(requests), c.Expect(answers), c.Finish())
		}))
		rawtest.Check(t, <-ended)
		if took := time.Since(began); took < spread-loopTick { // the first tick may have begun before
			t.Errorf("the drain took %v", took)
		}
	})
}

// loopTick is the unit in which a server counts time.
const loopTick = 100 * time.Millisecond

// untilEOF asks on and on. Each answer must be right until EOF, which must come between two answers.
func (l *loop) untilEOF() error {
	for {
		requests, answers := l.source.Pipeline(l.seq, 1+l.seq%3)
		l.seq++
		if err := l.Send(requests); err != nil {
			return err
		}
		got := make([]byte, len(answers))
		switch n, err := l.Read(got[:1]); {
		case n == 0 && errors.Is(err, io.EOF):
			return l.Close()
		case err != nil:
			return err
		}
		if err := errors.Join(l.Receive(got[1:]), rawtest.Compare(got, answers)); err != nil {
			return err
		}
	}
}

// TestOldConnections: an old connection of version 1 ends between two answers. One of version 2 is told,
// and served until its FIN. The server stays ready.
func TestOldConnections(t *testing.T) {
	old := func(cfg *server.Config) { cfg.MaxConnAge, cfg.DrainTimeout = 2*loopTick, time.Hour }
	rawtest.EachPlacement(t, old, func(t *testing.T, s *rawtest.Server) {
		began := time.Now()
		v1 := newLoop(t, s.Addr, rawtest.Source{Dim: 128})
		v2 := helloUntilWelcome(t, s.Addr)
		rawtest.Check(t, v1.untilEOF())
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(100, 64)...)
		rawtest.Check(t, errors.Join(v2.Expect(rawtest.GoingAway()), v2.Exchange(requests, answers), v2.Finish()))
		if took := time.Since(began); took < loopTick { // the first tick may have begun before
			t.Errorf("ended after %v", took)
		}
		if m := s.Metrics(); m.OldConns < 2 {
			t.Errorf("%d old connections are counted", m.OldConns)
		}
		if s.State() != server.Ready {
			t.Errorf("the server is %s", s.State())
		}
	})
}

// TestNoticeIgnored: a peer that ignores the notice for the drain's timeout gets EOF.
func TestNoticeIgnored(t *testing.T) {
	old := func(cfg *server.Config) {
		cfg.MaxConnAge, cfg.DrainTimeout, cfg.BatchThreads = 2*loopTick, loopTick, server.Inline
	}
	rawtest.Run(t, old, func(t *testing.T, s *rawtest.Server) {
		c := helloUntilWelcome(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Expect(rawtest.GoingAway()), c.ExpectEOF(), c.Close()))
	})
}

// helloUntilWelcome returns a connection of version 2. It tries again if the connection was old before
// its hello arrived.
func helloUntilWelcome(t *testing.T, addr string) *rawtest.Client {
	t.Helper()
	for {
		c := dial(t, addr)
		err := errors.Join(c.Send(anything), c.Expect(welcome))
		if !errors.Is(err, io.EOF) {
			rawtest.Check(t, err)
			return c
		}
		rawtest.Check(t, c.Close())
	}
}
