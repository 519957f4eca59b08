//go:build linux

package server_test

import (
	"errors"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestRequestTimeout: one peer stops within a request, another sends a request byte by byte.
// Each gets the answers to its earlier requests and then EOF. A third peer always has half
// a request sent, but finishes each one in time: the server serves it all the while.
func TestRequestTimeout(t *testing.T) {
	limited := func(cfg *server.Config) { cfg.RequestTimeout = time.Second }
	rawtest.EachPlacement(t, limited, func(t *testing.T, s *rawtest.Server) {
		stops := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 1})
		rawtest.Check(t, stops.turn())
		requests, answers := stops.source.Pipeline(stops.seq, 3, 64)
		rawtest.Check(t, errors.Join(stops.Send(requests[:len(requests)/2]), stops.Expect(answers[:4+3*4])))

		drips := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 2})
		whole, _ := drips.source.Pipeline(0, 64)
		half := &halves{newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 3}), nil}
		for i := 0; s.Metrics().LateRequests < 2; i++ {
			rawtest.Check(t, half.turn())
			if i%64 == 0 && i/64 < len(whole)-1 {
				drips.Send(whole[i/64 : i/64+1]) // fails once the server has closed the connection
			}
		}
		rawtest.Check(t, errors.Join(stops.ExpectEOF(), drips.ExpectEOF(), half.turn(), half.turn()))
		rawtest.Check(t, errors.Join(stops.Close(), drips.Close(), half.Close()))
		if late := s.Metrics().LateRequests; late != 2 {
			t.Errorf("LateRequests is %d, want 2", late)
		}
	})
}

// halves is a loop whose every write ends in the middle of a request.
type halves struct {
	*loop
	rest []byte // of the request that it has begun to send
}

func (h *halves) turn() error {
	first, answer := h.source.Pipeline(h.seq, 2)
	if h.rest == nil { // begin
		h.rest = first[len(first)/2:]
		return h.Send(first[:len(first)/2])
	}
	h.seq++
	next, _ := h.source.Pipeline(h.seq, 2)
	err := h.Send(append(h.rest, next[:len(next)/2]...))
	h.rest = next[len(next)/2:]
	return errors.Join(err, h.Expect(answer))
}

// TestIdleTimeout: a peer that sends no request gets EOF, whether or not it sent one before.
// A peer that goes on sending requests is served, and so is one that waits for an answer
// for longer than the timeout.
func TestIdleTimeout(t *testing.T) {
	g := &gate{}
	limited := func(cfg *server.Config) {
		cfg.IdleTimeout = time.Second
		cfg.BatchThreads, cfg.IOThreads = server.Dedicated, 1
		with(g.Score)(cfg)
	}
	rawtest.Run(t, limited, func(t *testing.T, s *rawtest.Server) {
		idle := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 1})
		rawtest.Check(t, idle.turn())
		silent := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 2})
		asks := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 3})
		for s.Metrics().IdleConns < 2 {
			rawtest.Check(t, asks.turn())
		}
		rawtest.Check(t, errors.Join(idle.ExpectEOF(), silent.ExpectEOF(), idle.Close(), silent.Close()))

		open := g.close()
		requests, answers := asks.source.Pipeline(asks.seq, 1)
		rawtest.Check(t, asks.Send(requests))
		alone := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: 4})
		rawtest.Check(t, errors.Join(alone.ExpectEOF(), alone.Close())) // the timeout has passed
		open()
		rawtest.Check(t, errors.Join(asks.Expect(answers), asks.Close()))
		rawtest.Until(t, "three idle connections are counted", func() bool { return s.Metrics().IdleConns >= 3 })
		if idle := s.Metrics().IdleConns; idle != 3 {
			t.Errorf("IdleConns is %d, want 3", idle)
		}
	})
}

// TestNoTimeout: without timeouts the server serves a peer that always has half a request
// sent.
func TestNoTimeout(t *testing.T) {
	unlimited := func(cfg *server.Config) { cfg.RequestTimeout, cfg.IdleTimeout = 0, 0 }
	rawtest.Run(t, unlimited, func(t *testing.T, s *rawtest.Server) {
		half := &halves{newLoop(t, s.Addr, rawtest.Source{Dim: 128}), nil}
		for range 10 {
			rawtest.Check(t, half.turn())
		}
		rawtest.Check(t, half.Close())
	})
}
