//go:build linux

package server_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/wire"
)

// BenchmarkRoundTrip is one connection that writes a window of requests of one
// vector and reads their answers: ns and allocations a request, client included.
func BenchmarkRoundTrip(b *testing.B) {
	for _, placement := range []server.BatchThreads{server.Inline, server.Dedicated} {
		for _, window := range []int{1, 8, 64} {
			name := map[server.BatchThreads]string{server.Inline: "inline", server.Dedicated: "dedicated"}[placement]
			b.Run(fmt.Sprintf("%s/window=%d", name, window), func(b *testing.B) { benchmark(b, placement, window) })
		}
	}
}

func benchmark(b *testing.B, placement server.BatchThreads, window int) {
	cfg := server.DefaultConfig()
	cfg.Port, cfg.IOThreads, cfg.BatchThreads = 0, 1, placement
	s, err := server.Start(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Shutdown(b.Context()) })
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var requests []byte
	for range window {
		requests = wire.AppendRequest(requests, 1, make([]float32, cfg.Dim))
	}
	responses := make([]byte, window*wire.ResponseBytes(1))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += window {
		if _, err := conn.Write(requests); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, responses); err != nil {
			b.Fatal(err)
		}
	}
}
