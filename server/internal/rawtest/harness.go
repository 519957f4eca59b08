//go:build linux

package rawtest

import (
	"context"
	"net"
	"testing"

	"github.com/disrust/disrust/server"
)

// Server is a server under test.
type Server struct {
	Addr      string
	IOThreads int
	Ended     bool // the test has shut it down itself
	*server.Server
}

// EachPlacement runs test as a subtest on a fresh server in every placement, scored
// inline or by a batch thread, with one and two I/O threads, on each backend. tweak,
// where given, alters the configuration last.
func EachPlacement(t *testing.T, tweak func(*server.Config), test func(*testing.T, *Server)) {
	for _, place := range []struct {
		name    string
		batch   server.BatchThreads
		threads int
	}{
		{"inline/threads=1", server.Inline, 1},
		{"inline/threads=2", server.Inline, 2},
		{"dedicated/threads=1", server.Dedicated, 1},
		{"dedicated/threads=2", server.Dedicated, 2},
	} {
		t.Run(place.name, func(t *testing.T) {
			Run(t, func(cfg *server.Config) {
				cfg.BatchThreads, cfg.IOThreads = place.batch, place.threads
				if tweak != nil {
					tweak(cfg)
				}
			}, test)
		})
	}
}

// Backends are the ways to reach the kernel, by the names that --io gives them.
var Backends = map[string]server.IO{"uring": server.IOUring, "epoll": server.IOEpoll}

// Run runs test as a subtest on a server that Start makes, once on each backend.
func Run(t *testing.T, tweak func(*server.Config), test func(*testing.T, *Server)) {
	for name, io := range Backends {
		t.Run(name, func(t *testing.T) {
			runOne(t, func(cfg *server.Config) {
				cfg.IO = io
				tweak(cfg)
			}, test)
		})
	}
}

// runOne runs test on one server. When test returns, its connections closed, the server
// must have everything back and leave no goroutine.
func runOne(t *testing.T, tweak func(*server.Config), test func(*testing.T, *Server)) {
	t.Helper()
	s := Start(t, tweak)
	test(t, s)
	s.Stop(t)
	Until(t, "the server's goroutines gone", func() bool { return len(serverGoroutines()) == 0 })
}

// Start starts a server whose configuration tweak has altered; what that leaves
// open has the sizes of Size. It does not outlive the test.
func Start(t testing.TB, tweak func(*server.Config)) *Server {
	t.Helper()
	cfg := Config()
	cfg.MaxConns = 1024
	tweak(&cfg)
	Size(&cfg)
	s, err := server.Start(context.Background(), cfg)
	Check(t, err)
	running := &Server{Addr: name(s.Addr()), IOThreads: cfg.IOThreads, Server: s}
	t.Cleanup(func() { s.Shutdown(cancelled()) }) // for a test that ended early
	return running
}

// name is an address as Dial takes it.
func name(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

// Stop asserts that a server without clients holds nothing and drains at once,
// unless the test has shut it down.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	Until(t, "everything home", func() bool { return strays(s.Metrics()) == "" })
	if !s.Ended {
		ctx, cancel := context.WithTimeout(context.Background(), safety())
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Fatalf("Shutdown of an idle server: %v", err)
		}
	}
	if left := strays(s.Metrics()); left != "" {
		t.Fatalf("after Shutdown: %s", left)
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
