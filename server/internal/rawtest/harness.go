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
	Ended     bool // the test shuts the server down itself
	*server.Server
}

// EachPlacement runs test as a subtest on a fresh server in every placement: inline and with
// a batch thread, with one and two I/O threads, on each backend. tweak, unless nil, alters
// the configuration last.
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

// Backends are the ways to reach the kernel. Their names are those of the flag --io.
var Backends = map[string]server.IO{"uring": server.IOUring, "epoll": server.IOEpoll}

// Run runs test as a subtest once per backend, on a server that Start makes.
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

// runOne runs test on one server. When test returns, it must have closed its connections.
// The server must then hold nothing and leave no goroutine behind.
func runOne(t *testing.T, tweak func(*server.Config), test func(*testing.T, *Server)) {
	t.Helper()
	s := Start(t, tweak)
	test(t, s)
	s.Stop(t)
	Until(t, "the server's goroutines have ended", func() bool { return Goroutines() == 0 })
}

// Start starts a server whose configuration tweak has altered. Size fills in the sizes that
// tweak leaves at 0. The server ends with the test.
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

// name returns an address as Dial takes it.
func name(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

// Stop asserts that a server without clients comes to hold nothing. It shuts the server
// down, unless the test has done so, and asserts that the drain succeeds.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	Until(t, "the server holds nothing", func() bool { return leftovers(s.Metrics()) == "" })
	if !s.Ended {
		ctx, cancel := context.WithTimeout(context.Background(), hangTimeout())
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Fatalf("Shutdown of an idle server: %v", err)
		}
	}
	if left := leftovers(s.Metrics()); left != "" {
		t.Fatalf("after Shutdown: %s", left)
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
