//go:build linux

package server_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestAlive: idle threads are alive, and so are busy ones. A thread whose model does not return is named
// until the model returns. In a drain, threads that have ended do not count.
func TestAlive(t *testing.T) {
	g := &gate{}
	rawtest.EachPlacement(t, with(g.Score), func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, s.Alive(t.Context()))
		l := newLoop(t, s.Addr, rawtest.Source{Dim: 128})
		for range 10 {
			rawtest.Check(t, errors.Join(l.turn(), s.Alive(t.Context())))
		}
		open := g.close()
		requests, answers := l.source.Pipeline(l.seq, 1)
		rawtest.Check(t, l.Send(requests))
		rawtest.Until(t, "the model is at work", func() bool { return g.waiting.Load() > 0 })
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := s.Alive(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "thread") {
			t.Errorf("while the model does not return: %v", err)
		}
		open()
		rawtest.Check(t, errors.Join(s.Alive(t.Context()), l.Expect(answers)))
		ended := shutdown(s) // the thread without a connection ends at once
		rawtest.Check(t, errors.Join(s.Alive(t.Context()), l.ExpectEOF(), l.Close()))
		rawtest.Check(t, <-ended)
		rawtest.Check(t, s.Alive(t.Context()))
	})
}

// TestAliveHoweverItWaits: a thread that polls for ever is woken as one that sleeps is.
func TestAliveHoweverItWaits(t *testing.T) {
	for _, wait := range []server.Wait{server.WaitSpin, server.WaitYield, server.WaitBlock} {
		for _, batch := range []server.BatchThreads{server.Inline, server.Dedicated} {
			tweak := func(cfg *server.Config) { cfg.Wait, cfg.BatchThreads, cfg.IOThreads = wait, batch, 1 }
			rawtest.Run(t, tweak, func(t *testing.T, s *rawtest.Server) {
				for range 3 {
					rawtest.Check(t, s.Alive(t.Context()))
				}
			})
		}
	}
}
