//go:build linux

package server

import (
	"context"
	"net"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/metrics"
)

// TestSharedQueue: every I/O thread accepts connections from a listener that they share.
func TestSharedQueue(t *testing.T) {
	const threads = 3
	cfg := DefaultConfig()
	cfg.Port, cfg.IOThreads, cfg.PoolBytes = 0, threads, 1<<20
	unix, passed := cfg, cfg
	unix.Listen = []string{"unix:" + t.TempDir() + "/a"}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	defer file.Close()
	passed.Passed = []*os.File{file}
	for _, cfg := range []Config{unix, passed} {
		s, err := Start(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for served := 0; !allAccepted(s); served++ {
			if served == 100_000 {
				t.Fatal("some I/O thread accepted no connection")
			}
			conn, err := net.Dial(s.Addr().Network(), s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			for s.Metrics().Accepted <= uint64(served) {
				runtime.Gosched()
			}
			conn.Close()
		}
		end, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(end)
	}
}

func allAccepted(s *Server) bool {
	return !slices.ContainsFunc(s.threads, func(t *thread) bool {
		var m metrics.Snapshot
		t.Measured().AddTo(&m)
		return m.Accepted == 0
	})
}
