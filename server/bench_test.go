//go:build linux

package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// BenchmarkRoundTrip measures one connection that writes a window of requests of one
// vector and reads their answers. ns/op and allocs/op are per request, and include the
// client.
func BenchmarkRoundTrip(b *testing.B) {
	for _, placement := range []server.BatchThreads{server.Inline, server.Dedicated} {
		for _, window := range []int{1, 8, 64} {
			cfg := server.DefaultConfig()
			cfg.Dim = wire.DefaultDim
			cfg.IOThreads, cfg.BatchThreads = 1, placement
			b.Run(fmt.Sprintf("%s/window=%d", placements[placement], window), func(b *testing.B) { benchmark(b, cfg, 1, window) })
		}
	}
}

// BenchmarkCostlyModel measures a model that computes for 5 µs per vector. Each of 64
// connections has 8 requests of one vector in flight, and the server chooses the number of
// I/O threads. ns/op is per request, and includes the client, which needs little.
func BenchmarkCostlyModel(b *testing.B) {
	const cost = 5 * time.Microsecond
	model := batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
		for begin := time.Now(); time.Since(begin) < time.Duration(len(out))*cost; {
		}
		return nil
	})
	for placement, name := range placements {
		cfg := server.DefaultConfig()
		cfg.Dim = wire.DefaultDim
		cfg.BatchThreads = placement
		cfg.Model = model
		b.Run(name, func(b *testing.B) { benchmark(b, cfg, 64, 8) })
	}
}

// BenchmarkGather measures connections with one request of one vector in flight each, and a model
// that takes 20 µs per call, however many rows it has. rows/call says how many it had.
func BenchmarkGather(b *testing.B) {
	for _, conns := range []int{1, 8, 64} {
		cfg := server.DefaultConfig()
		cfg.Dim = wire.DefaultDim
		newGainer().serve(&cfg)
		b.Run(fmt.Sprintf("conns=%d", conns), func(b *testing.B) {
			s := benchmark(b, cfg, conns, 1)
			m := s.Metrics()
			b.ReportMetric(float64(m.Rows)/float64(m.ModelCalls), "rows/call")
		})
	}
}

var placements = map[server.BatchThreads]string{server.Auto: "auto", server.Inline: "inline", server.Dedicated: "dedicated"}

func benchmark(b *testing.B, cfg server.Config, conns, window int) *server.Server {
	cfg.Port = 0
	s, err := server.Start(context.Background(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Shutdown(b.Context()) })
	var requests []byte
	for range window {
		requests = wire.AppendRequest(requests, 1, make([]float32, cfg.Dim))
	}
	b.ReportAllocs()
	b.ResetTimer()
	rounds := (b.N + conns*window - 1) / (conns * window)
	rawtest.Check(b, rawtest.Each(conns, func(int) error { return askRepeatedly(s, requests, window*wire.Default.ResponseBytes(1), rounds) }))
	return s
}

// askRepeatedly writes requests and reads their answers, in each round.
func askRepeatedly(s *server.Server, requests []byte, answers, rounds int) error {
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		return err
	}
	defer conn.Close()
	responses := make([]byte, answers)
	for range rounds {
		if _, err := conn.Write(requests); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, responses); err != nil {
			return err
		}
	}
	return nil
}
