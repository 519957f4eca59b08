//go:build linux

package server_test

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// shutdown drains a server from a goroutine of its own.
func shutdown(s *rawtest.Server) <-chan error {
	s.Ended = true
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	return ended
}

// TestShutdownAnswers: at shutdown some connections have requests in flight and another has
// sent part of one. The server answers the former, and sends EOF on all.
func TestShutdownAnswers(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		var loops [8]*loop
		for i := range loops {
			loops[i] = newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: i})
			rawtest.Check(t, loops[i].turn()) // so that the server has accepted it
		}
		cut := newLoop(t, s.Addr, rawtest.Source{Dim: 128})
		rawtest.Check(t, errors.Join(cut.turn(), cut.Send(rawtest.Header(1))))
		for _, l := range loops {
			requests, _ := l.source.Pipeline(1, mixed(10, 8)...)
			rawtest.Check(t, l.Send(requests))
		}
		ended := shutdown(s)
		for _, l := range loops {
			_, answers := l.source.Pipeline(1, mixed(10, 8)...)
			rawtest.Check(t, errors.Join(l.Expect(answers), l.ExpectEOF(), l.Close()))
		}
		rawtest.Check(t, errors.Join(cut.ExpectEOF(), cut.Close()))
		rawtest.Check(t, <-ended)
		rawtest.Check(t, s.Shutdown(context.Background())) // a second call does nothing
		if _, err := rawtest.Dial(s.Addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("connecting after Shutdown: %v, want a refusal", err)
		}
	})
}

// TestShutdownAcceptsTheLast: clients connect and send while the I/O thread is too busy to
// accept them. A drain that starts then still answers them.
func TestShutdownAcceptsTheLast(t *testing.T) {
	g := &gate{}
	inline := func(cfg *server.Config) {
		cfg.BatchThreads, cfg.IOThreads = server.Inline, 1
		with(g.Score)(cfg)
	}
	rawtest.Run(t, inline, func(t *testing.T, s *rawtest.Server) {
		open := g.close()
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 5)
		var clients [20]*rawtest.Client
		for i := range clients {
			clients[i] = dial(t, s.Addr)
			rawtest.Check(t, clients[i].Send(requests))
			if i == 0 {
				rawtest.Until(t, "the I/O thread is at work", func() bool { return g.waiting.Load() > 0 })
			}
		}
		ended := shutdown(s)
		open()
		for _, c := range clients {
			rawtest.Check(t, errors.Join(c.Expect(answers), c.ExpectEOF(), c.Close()))
		}
		rawtest.Check(t, <-ended)
	})
}

// TestShutdownAwaitsFirstBytes: when a drain begins, clients have just connected and their first bytes are
// still on their way. The server serves each by its version, and ends a connection on which nothing arrives.
func TestShutdownAwaitsFirstBytes(t *testing.T) {
	rawtest.Run(t, func(cfg *server.Config) { cfg.IOThreads = 1 }, func(t *testing.T, s *rawtest.Server) {
		told, v1, v2, mute := helloUntilWelcome(t, s.Addr), dial(t, s.Addr), dial(t, s.Addr), dial(t, s.Addr)
		rawtest.Until(t, "all are accepted", func() bool { return s.Metrics().Accepted == 4 })
		ended := shutdown(s)
		rawtest.Check(t, told.Expect(rawtest.GoingAway())) // the thread dismisses all of its connections together
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 2)
		err := errors.Join(v1.Send(requests), v2.Send(slices.Concat(anything, requests)),
			v1.Expect(answers), v2.Expect(slices.Concat(welcome, rawtest.GoingAway(), answers)))
		rawtest.Check(t, errors.Join(err, v1.ExpectEOF(), v1.Close(), v2.Finish(), mute.ExpectEOF(), mute.Close(), told.Finish()))
		rawtest.Check(t, <-ended)
	})
}

// TestShutdownAwaitsModel shuts down while a batch is being scored.
func TestShutdownAwaitsModel(t *testing.T) {
	g := &gate{}
	rawtest.EachPlacement(t, with(g.Score), func(t *testing.T, s *rawtest.Server) {
		open := g.close()
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 2, 1, 5)
		c := dial(t, s.Addr)
		rawtest.Check(t, c.Send(requests))
		rawtest.Until(t, "the model is at work", func() bool { return g.waiting.Load() > 0 })
		ended := shutdown(s)
		open()
		rawtest.Check(t, errors.Join(c.Expect(answers), c.ExpectEOF(), c.Close()))
		rawtest.Check(t, <-ended)
	})
}

// TestShutdownIsCut: a peer reads nothing until Shutdown's context ends. The server then
// closes that connection and frees everything.
func TestShutdownIsCut(t *testing.T) {
	rawtest.EachPlacement(t, narrow, func(t *testing.T, s *rawtest.Server) {
		m, err := rawtest.NewMute(s.Addr, rawtest.Source{Dim: 1}, 64, 16)
		rawtest.Check(t, err)
		defer m.Drop()
		l := newLoop(t, s.Addr, rawtest.Source{Dim: 1, Client: 1})
		rawtest.Check(t, rawtest.AwaitBlocked([]*rawtest.Mute{m}, 64<<20, l.turn))
		rawtest.Check(t, l.Finish())

		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		s.Ended = true
		if err := s.Shutdown(ctx); !errors.Is(err, server.ErrCut) {
			t.Errorf("Shutdown returned %v, want %v", err, server.ErrCut)
		}
		<-s.Done()
	})
}

// TestRun: Run returns nil when its context ends.
func TestRun(t *testing.T) {
	cfg := rawtest.Config()
	rawtest.Size(&cfg)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rawtest.Check(t, server.Run(ctx, cfg))
}
