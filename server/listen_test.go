//go:build linux

package server_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestUnixSocket: a Unix socket behaves like TCP in every placement: answers, violations,
// half-closed streams and a drain. After the drain the socket file is gone. Config.Allow and
// Config.ProxyProtocol do not apply to Unix sockets.
func TestUnixSocket(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	on := func(cfg *server.Config) {
		cfg.Listen, cfg.UnixMode = []string{"unix:" + path}, 0o600
		cfg.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		cfg.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	rawtest.EachPlacement(t, on, func(t *testing.T, s *rawtest.Server) {
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
			t.Errorf("the file is %v, %v", info, err)
		}
		if !strings.HasPrefix(s.String(), "unix:"+path+": ") {
			t.Errorf("the ready line is %q", s)
		}
		sizes := mixed(10, 64)
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, sizes...)
		rawtest.Check(t, exchange(s.Addr, requests, answers))
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(rawtest.Header(0)), c.ExpectEOF(), c.Close()))
		named := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(named.Send([]byte("PROXY UNKNOWN\r\n")), named.ExpectEOF(), named.Close()))
		half := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(half.Send(requests), half.CloseWrite(), half.Expect(answers), half.ExpectEOF(), half.Close()))

		asked := dial(t, s.Addr)
		rawtest.Check(t, asked.Send(requests))
		ended := shutdown(s)
		rawtest.Check(t, errors.Join(asked.Expect(answers), asked.ExpectEOF(), asked.Close(), <-ended))
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file stays: %v", err)
		}
		if denied := s.Metrics().Denied; denied != 0 {
			t.Errorf("%d connections were denied", denied)
		}
	})
}

// TestSeveralAddresses: one server serves several addresses at once, and drains them all.
func TestSeveralAddresses(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	on := func(cfg *server.Config) {
		cfg.Listen = []string{"127.0.0.1:0", "unix:" + path, "[::1]:0", "127.0.0.2:0"}
	}
	rawtest.EachPlacement(t, on, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(10, 64)...)
		addrs := strings.Split(strings.Replace(s.String()[:strings.Index(s.String(), ": ")], " and ", ", ", 1), ", ")
		if len(addrs) != 4 || len(s.Addrs()) != 4 || s.Server.Addr().String() != addrs[0] {
			t.Fatalf("the addresses are %q, %v", addrs, s.Addrs())
		}
		rawtest.Check(t, rawtest.Each(4*len(addrs), func(i int) error { return exchange(addrs[i%len(addrs)], requests, answers) }))
		rawtest.Check(t, <-shutdown(s))
		for _, addr := range addrs {
			if _, err := rawtest.Dial(addr); !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s after Shutdown: %v, want a refusal", addr, err)
			}
		}
	})
}

// TestPassedSockets: servers, one after another, serve a passed socket. When a server ends,
// the socket stays open and keeps the clients in its queue: the next server serves them.
func TestPassedSockets(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	rawtest.Check(t, err)
	defer listener.Close()
	requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(10, 64)...)
	passed := func(cfg *server.Config) {
		file, err := listener.(*net.TCPListener).File()
		rawtest.Check(t, err)
		t.Cleanup(func() { file.Close() })
		cfg.Passed = []*os.File{file}
	}
	var waiting *rawtest.Client
	rawtest.EachPlacement(t, passed, func(t *testing.T, s *rawtest.Server) {
		if s.Addr != listener.Addr().String() {
			t.Errorf("the server is on %s, want %s", s.Addr, listener.Addr())
		}
		if waiting != nil { // in the queue since the last server ended
			rawtest.Check(t, errors.Join(waiting.Expect(answers), waiting.Close()))
		}
		rawtest.Check(t, rawtest.Each(8, func(int) error { return exchange(s.Addr, requests, answers) }))
		rawtest.Check(t, <-shutdown(s))
		waiting = dial(t, s.Addr)
		rawtest.Check(t, waiting.Send(requests))
	})
	if waiting != nil {
		waiting.Close()
	}
}

// TestListenRefused: Start refuses addresses with a ConfigError if they make no sense, and
// with another error if they cannot be had here.
func TestListenRefused(t *testing.T) {
	for says, tweak := range map[string]func(*server.Config){
		"[::]:1 takes the connections to 0.0.0.0:1": func(cfg *server.Config) { cfg.Listen = []string{"0.0.0.0:1", "[::]:1"} },
		"abstract":         func(cfg *server.Config) { cfg.Listen = []string{"unix:@a"} },
		"UnixMode 01777":   func(cfg *server.Config) { cfg.UnixMode = 0o1777 },
		"Listen may not":   func(cfg *server.Config) { cfg.Listen, cfg.Passed = []string{"unix:a"}, []*os.File{os.Stdin} },
		"no such file":     func(cfg *server.Config) { cfg.Listen = []string{"unix:/no such folder/a"} },
		"is no socket":     func(cfg *server.Config) { cfg.Listen = []string{"unix:/dev/null"} },
		`interface "none"`: func(cfg *server.Config) { cfg.Listen = []string{"[fe80::1%none]:0"} },
	} {
		cfg := rawtest.Config()
		tweak(&cfg)
		rawtest.Size(&cfg)
		s, err := server.Start(context.Background(), cfg)
		if err == nil {
			s.Shutdown(context.Background())
			t.Errorf("%s: started", says)
			continue
		}
		usage := (*server.ConfigError)(nil)
		environment := strings.Contains("no such file, is no socket, interface \"none\"", says)
		if !strings.Contains(err.Error(), says) || errors.As(err, &usage) == environment {
			t.Errorf("%s: %v, %T", says, err, err)
		}
	}
}
