//go:build linux

package server_test

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestFloodersShare has more connections send without pause than there are
// receive buffers, faster than the model scores, so that in each turn some find
// none: all of them are served, and so is one that asks little.
func TestFloodersShare(t *testing.T) {
	const flooders, each = 160, 1000 // bytes of answers
	rawtest.EachPlacement(t, with(slow), func(t *testing.T, s *rawtest.Server) {
		served := make([]atomic.Int64, flooders)
		clients := make([]*rawtest.Client, flooders)
		for i := range clients {
			clients[i] = dial(t, s.Addr)
		}
		ended := make(chan error, 1)
		go func() {
			ended <- rawtest.Each(2*flooders, func(i int) error {
				c := clients[i/2]
				requests, answers := rawtest.Source{Dim: 128, Client: i / 2}.Pipeline(0, mixed(128, 1)...)
				for i%2 == 0 {
					if c.Send(requests) != nil {
						return nil // closed: the test is over
					}
				}
				if err := c.ExpectCycle(answers, &served[i/2]); !errors.Is(err, net.ErrClosed) {
					return fmt.Errorf("flooder %d: %w", i/2, err)
				}
				return nil
			})
		}()
		light, turns := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: flooders}), 0
		rawtest.Until(t, "every flooder is served, beside one that asks little", func() bool {
			rawtest.Check(t, light.turn())
			turns++
			for i := range served {
				if served[i].Load() < each {
					return false
				}
			}
			return turns > 10
		})
		// On epoll a socket waits in the backend's queue while there is no buffer.
		if m := s.Metrics(); m.IOUring == 1 && m.BuffersExhausted == 0 {
			t.Error("every receive found a buffer: this tests nothing")
		}
		for _, c := range clients {
			c.Close()
		}
		rawtest.Check(t, <-ended)
		rawtest.Check(t, light.Finish())
	})
}

// slow takes a microsecond a row and more, by the clock: under the race detector
// too.
func slow(rows []float32, dim int, out []float32) error {
	for begun := time.Now(); time.Since(begun) < time.Duration(len(out))*time.Microsecond; {
	}
	return sum(rows, dim, out)
}

// TestRefusedCrowd has thousands of connections wait to be refused while answers
// wait for a peer that reads slowly. In the turn that accepts them all, how far
// the slow one's sends got must not be overlooked.
func TestRefusedCrowd(t *testing.T) {
	const crowd, requests = 3000, 3 * 8192
	const conns, free = 4, 2 // allowed, and left to the crowd
	g := &gate{}
	rawtest.Run(t, func(cfg *server.Config) {
		with(g.Score)(cfg)
		cfg.Dim, cfg.MaxConns, cfg.IOThreads, cfg.BatchThreads = 1, conns, 1, server.Inline
	}, func(t *testing.T, s *rawtest.Server) {
		blocker := newLoop(t, s.Addr, rawtest.Source{Dim: 1})
		slow, err := rawtest.DialNarrow(s.Addr)
		rawtest.Check(t, err)
		defer slow.Close()
		asked, answers := rawtest.Source{Dim: 1, Client: 1}.Pipeline(0, mixed(requests, 1)...)
		rawtest.Until(t, "both are accepted", func() bool { return s.Metrics().Accepted == 2 })

		open := g.close()
		blocked := make(chan error, 1)
		go func() { blocked <- blocker.turn() }()
		rawtest.Until(t, "the model waits", func() bool { return g.waiting.Load() == 1 })
		sent := make(chan error, 1)
		go func() { sent <- slow.Send(asked) }()
		var waiting []net.Conn
		for range crowd {
			c, err := net.Dial("tcp", s.Addr)
			if err != nil {
				break // the backlog is full, and that is enough
			}
			defer c.Close()
			waiting = append(waiting, c)
		}
		open()
		rawtest.Check(t, <-blocked)
		rawtest.Check(t, slow.Expect(answers))
		rawtest.Check(t, <-sent)
		rawtest.Until(t, "the crowd is refused", func() bool { return s.Metrics().Refused >= uint64(len(waiting)-free) })
		rawtest.Check(t, errors.Join(slow.Finish(), blocker.Finish()))
	})
}
