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

// TestFloodersShare: more clients send without pause than there are receive buffers, and
// faster than the model scores. In each turn of the loop some connections thus find no
// buffer. The server must serve all of them, and also a client that asks little.
func TestFloodersShare(t *testing.T) {
	const flooders, each = 160, 1000 // each: bytes of answers per flooder
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
						return nil // the test has closed the connection: it is over
					}
				}
				if err := c.ExpectCycle(answers, &served[i/2]); !errors.Is(err, net.ErrClosed) {
					return fmt.Errorf("flooder %d: %w", i/2, err)
				}
				return nil
			})
		}()
		light, turns := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: flooders}), 0
		rawtest.Until(t, "every flooder and the light client are served", func() bool {
			rawtest.Check(t, light.turn())
			turns++
			for i := range served {
				if served[i].Load() < each {
					return false
				}
			}
			return turns > 10
		})
		// On epoll this counter stays 0: a socket waits in the backend's queue for a buffer.
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

// slow takes at least a microsecond per row. It looks at the clock, so that this also holds
// under the race detector.
func slow(rows []float32, dim int, out []float32) error {
	for begun := time.Now(); time.Since(begun) < time.Duration(len(out))*time.Microsecond; {
	}
	return sum(rows, dim, out)
}

// TestRefusedCrowd: thousands of connections wait to be refused while a slow reader's
// answers wait to be sent. In the turn that accepts all of these connections, the loop must
// not lose the completions of the slow reader's sends.
func TestRefusedCrowd(t *testing.T) {
	const crowd, requests = 3000, 3 * 8192
	const conns, free = 4, 2 // MaxConns, and how many of them the crowd may have
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
