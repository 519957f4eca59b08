//go:build linux

package server_test

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// tiny makes the rings and the pool as small as they may be.
func tiny(cfg *server.Config) {
	cfg.RequestRing, cfg.ResponseRing = 4, 4
	cfg.PoolBytes = 64 * 128 * 4
}

// TestTinyEverything fills both rings and the pool all the time: two threads that wait for
// each other would hang the test. The model wants rows side by side, so that inline, too,
// small requests go through the rings and the pool.
func TestTinyEverything(t *testing.T) {
	packed := func(cfg *server.Config) {
		tiny(cfg)
		with(sum)(cfg)
	}
	rawtest.EachPlacement(t, packed, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(64, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(150, 64)...)
			return exchange(s.Addr, requests, answers)
		}))
		m := s.Metrics()
		if m.RequestRingFull+m.ResponseRingFull+m.PoolFull == 0 {
			t.Error("neither a ring nor the pool was ever full: this tests nothing")
		}
	})
}

// TestReceiveBuffersExhausted holds the model back until some connections, which wait for
// room, have all the receive buffers, and others wait for a buffer. When the model goes on,
// the server must answer all connections.
func TestReceiveBuffersExhausted(t *testing.T) {
	const clients = 200
	g := &gate{}
	starve := func(cfg *server.Config) {
		cfg.BatchThreads, cfg.IOThreads = server.Dedicated, 1
		tiny(cfg)
		with(g.Score)(cfg)
	}
	rawtest.Run(t, starve, func(t *testing.T, s *rawtest.Server) {
		open := g.close()
		answered := make(chan error, 1)
		go func() {
			answered <- rawtest.Each(clients, func(client int) error {
				requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(20, 64)...)
				return exchange(s.Addr, requests, answers)
			})
		}()
		rawtest.Until(t, "no receive buffer is left", func() bool { return s.Metrics().BuffersExhausted > 0 })
		open()
		rawtest.Check(t, <-answered)
	})
}

// TestMaxConns connects more clients than MaxConns. The server closes the excess at once,
// and serves new connections when there is room again.
func TestMaxConns(t *testing.T) {
	const most = 8
	few := func(cfg *server.Config) { cfg.MaxConns = most }
	rawtest.EachPlacement(t, few, func(t *testing.T, s *rawtest.Server) {
		var served []*loop
		for client := range 4 * most {
			if l := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: client}); l.turn() == nil {
				served = append(served, l)
			} else {
				l.Close()
			}
		}
		// Each of several threads has a share, and the kernel may send a thread too few clients.
		if s.IOThreads == 1 && len(served) != most || len(served) > most {
			t.Errorf("%d of %d connections served, want %d", len(served), 4*most, most)
		}
		rawtest.Until(t, "the others are counted", func() bool { return s.Metrics().Refused >= uint64(4*most-len(served)) })
		if refused := s.Metrics().Refused; refused != uint64(4*most-len(served)) {
			t.Errorf("Refused is %d, want %d", refused, 4*most-len(served))
		}
		if allowed := s.Metrics().MaxConnections; allowed != most {
			t.Errorf("MaxConnections is %d, want %d", allowed, most)
		}
		for _, l := range served {
			rawtest.Check(t, l.turn())
			rawtest.Check(t, l.Finish())
		}
		for client := range most {
			rawtest.Until(t, fmt.Sprintf("client %d is served", client), func() bool {
				l := newLoop(t, s.Addr, rawtest.Source{Dim: 128, Client: client})
				defer l.Close()
				return l.turn() == nil
			})
		}
	})
}
