//go:build linux

package server_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// Connections in these tests come from 127.1.0.n, so that the tests do not depend on who else is
// on loopback. The balancers are n = 8 to 11.
const (
	balancer       = 8  // not allowed itself
	trustedChecker = 10 // allowed, for its health checks
	direct         = 20 // allowed, and no balancer
)

// behindBalancers has the server expect headers from the balancers, on an IPv6 socket, which sees
// their addresses as IPv6.
func behindBalancers(cfg *server.Config) {
	cfg.Host = "::"
	cfg.ProxyProtocol = []netip.Prefix{netip.MustParsePrefix("127.1.0.8/31"), netip.MustParsePrefix("::ffff:127.1.0.10/127")}
	cfg.Allow = []netip.Prefix{
		netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8"),
		netip.MustParsePrefix("127.1.0.10/32"), netip.MustParsePrefix("127.1.0.20/32"),
	}
}

// headerTCP4 returns a binary header that names a client, with a type-length-value of a given size.
func headerTCP4(client string, more int) []byte {
	addr := netip.MustParseAddr(client).As4()
	return binaryHeader(0x21, 0x11, slices.Concat(addr[:], make([]byte, 8+more)))
}

func binaryHeader(command, family byte, rest []byte) []byte {
	b := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(rest))), rest...)
}

// dialFrom connects from 127.1.0.n.
func dialFrom(t *testing.T, n int, s *rawtest.Server) *rawtest.Client {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Addr)
	rawtest.Check(t, err)
	c, err := rawtest.DialFrom(n, "127.0.0.1:"+port)
	rawtest.Check(t, err)
	return c
}

// TestProxyHeader: behind a balancer, the peer is the one that the header names, for both versions
// of the protocol, whether the header comes with the requests or byte by byte.
func TestProxyHeader(t *testing.T) {
	rawtest.EachPlacement(t, behindBalancers, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(20, 64)...)
		local := binaryHeader(0x20, 0, nil)
		served, denied := 0, uint64(0)
		for _, c := range []struct {
			from    int
			header  []byte
			allowed bool
		}{
			{balancer, []byte("PROXY TCP4 10.1.2.3 10.0.0.1 56324 9900\r\n"), true},
			{balancer, []byte("PROXY TCP6 fd00::1 ::1 56324 9900\r\n"), true},
			{balancer, []byte("PROXY TCP6 ::ffff:10.1.2.3 ::1 56324 9900\r\n"), true},
			{balancer, headerTCP4("10.1.2.3", 0), true},
			{balancer + 1, headerTCP4("10.1.2.3", 301), true},
			{trustedChecker, headerTCP4("10.1.2.3", 65535-12), true},
			{trustedChecker, local, true},
			{trustedChecker, []byte("PROXY UNKNOWN\r\n"), true},
			{trustedChecker, binaryHeader(0x21, 0x31, make([]byte, 216)), true},
			{direct, nil, true},

			{balancer, headerTCP4("10.9.2.3", 0), false},
			{balancer, []byte("PROXY TCP4 10.9.2.3 10.1.0.1 56324 9900\r\n"), false},
			{balancer, local, false},
			{trustedChecker, headerTCP4("10.9.2.3", 5), false},
			{direct + 1, nil, false},
		} {
			for _, hello := range [][]byte{nil, anything} {
				want := answers
				if hello != nil {
					want = slices.Concat(welcome, answers)
				}
				client := dialFrom(t, c.from, s)
				if !c.allowed {
					denied++
					client.Send(slices.Concat(c.header, hello)) // fails if the server has closed the connection
					if err := client.Receive(make([]byte, 1)); err == nil {
						t.Errorf("served from %d with %.40q", c.from, c.header)
					}
					client.Close()
					continue
				}
				first := slices.Concat(c.header, hello)
				if served++; len(first) < 1000 && served%2 == 0 {
					rawtest.Check(t, client.SendBytes(first))
					first = nil
				}
				rawtest.Check(t, errors.Join(client.Exchange(slices.Concat(first, requests), want), client.Finish()))
			}
		}
		rawtest.Until(t, "the denied are counted", func() bool { return s.Metrics().Denied >= denied })
		if m := s.Metrics(); m.Denied != denied || m.ProtocolErrors != 0 {
			t.Errorf("%d denied, of %d, and %d protocol errors", m.Denied, denied, m.ProtocolErrors)
		}
	})
}

// TestProxyHeaderWrong: a connection from a balancer that does not begin with a header ends in
// order. From elsewhere, a header is no request. The log says in both cases what came.
func TestProxyHeaderWrong(t *testing.T) {
	var log logged
	tweak := func(cfg *server.Config) {
		behindBalancers(cfg)
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	}
	good := headerTCP4("10.1.2.3", 0)
	for _, c := range []struct {
		from int
		sent []byte
		says string
	}{
		{balancer, rawtest.Header(1), `peer=127.1.0.8 violation="no PROXY header, but \"\\x01\\x00\\x00\\x00\": from this address each connection must begin with one (HAProxy: send-proxy-v2)"`},
		{balancer, anything, `peer=127.1.0.8 violation="no PROXY header, but \"DIS2`},
		{balancer, append([]byte("\r\n\r\n\x00\r\nQUIT\r"), good...), `peer=127.1.0.8 violation="no PROXY header, but`},
		{balancer, []byte("PROXY " + strings.Repeat("x", 200)), "no line of at most 107 bytes"},
		{balancer, []byte("PROXY TCP4 10.1.2.3 10.0.0.1 56324 65536\r\n"), "something else than a port"},
		{balancer, binaryHeader(0x21, 0x13, make([]byte, 12)), "which are not defined"},
		{balancer, binaryHeader(0x21, 0x11, make([]byte, 11)), "whose addresses have 11 bytes, of 12"},
		{balancer, slices.Concat(good, good), `peer=10.1.2.3 violation="count 168626701: 1 to 64 is allowed; looks like a PROXY protocol header (version 2), which is not expected here`},
		{balancer, append(slices.Clone(good), "GET / HTTP/1.1\r\n"...), "peer=10.1.2.3 violation=\"count 542393671: 1 to 64 is allowed; looks like HTTP"},
		{direct, good, `peer=127.1.0.20 violation="count 168626701: 1 to 64 is allowed; looks like a PROXY protocol header (version 2), which is not expected here`},
	} {
		t.Run(fmt.Sprintf("%d/%.20q", c.from, c.sent), func(t *testing.T) {
			rawtest.Run(t, func(cfg *server.Config) { tweak(cfg); cfg.IOThreads = 1 }, func(t *testing.T, s *rawtest.Server) {
				log.reset()
				client := dialFrom(t, c.from, s)
				rawtest.Check(t, client.Send(c.sent))
				rawtest.Check(t, errors.Join(client.ExpectEOF(), client.Close()))
				rawtest.Until(t, "the log says what came", func() bool { return strings.Contains(log.String(), c.says) })
				rawtest.Until(t, "the violation is counted", func() bool { return s.Metrics().ProtocolErrors == 1 })
			})
		})
	}
}

// TestRefusedBehindBalancer: the log has the address that the header names when a hello is refused.
func TestRefusedBehindBalancer(t *testing.T) {
	var log logged
	tweak := func(cfg *server.Config) {
		behindBalancers(cfg)
		cfg.Log, cfg.IOThreads = slog.New(slog.NewTextHandler(&log, nil)), 1
	}
	rawtest.Run(t, tweak, func(t *testing.T, s *rawtest.Server) {
		log.reset()
		c := dialFrom(t, balancer, s)
		rawtest.Check(t, c.Send(append(headerTCP4("10.1.2.3", 9), rawtest.Hello(30, 0, 0, 0, "")...)))
		refusal := "the client expects dim 30, the model has dim 128"
		rawtest.Check(t, errors.Join(c.Expect(rawtest.Welcome(2, 128, 1, 1, 64, "sum", refusal)), c.ExpectEOF(), c.Close()))
		rawtest.Until(t, "the log names the peer", func() bool { return strings.Contains(log.String(), "peer=10.1.2.3 refusal=") })
	})
}

// TestProxyHeaderCutOff: connections that end or are reset within their header, or right behind it,
// leave nothing behind. The balancer's next connections are served.
func TestProxyHeaderCutOff(t *testing.T) {
	rawtest.EachPlacement(t, behindBalancers, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 64)
		header := headerTCP4("10.1.2.3", 100)
		for _, size := range []int{0, 1, 12, 15, 16, 20, len(header) - 1, len(header), len(header) + 3} {
			sent := slices.Concat(header, requests)[:size]
			ends, resets := dialFrom(t, balancer, s), dialFrom(t, balancer, s)
			rawtest.Check(t, errors.Join(ends.Send(sent), ends.Finish()))
			rawtest.Check(t, errors.Join(resets.Send(sent), resets.Reset()))
		}
		c := dialFrom(t, balancer, s)
		rawtest.Check(t, errors.Join(c.Send(slices.Concat(header, requests)), c.CloseWrite(), c.Expect(answers), c.ExpectEOF(), c.Close()))
		if n := s.Metrics().ProtocolErrors; n != 0 {
			t.Errorf("%d protocol errors", n)
		}
	})
}

// TestLateProxyHeader: a balancer that sends no header, or a part of it, is not waited for. Bytes
// that drip in bring no new time.
func TestLateProxyHeader(t *testing.T) {
	tweak := func(cfg *server.Config) {
		behindBalancers(cfg)
		cfg.RequestTimeout = 100 * time.Millisecond
	}
	rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
		header := headerTCP4("10.1.2.3", 20_000)
		for _, size := range []int{0, 1, 20, len(header) - 1} {
			c := dialFrom(t, balancer, s)
			rawtest.Check(t, c.Send(header[:size]))
			rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
		}
		drips, asks := dialFrom(t, balancer, s), dialFrom(t, direct, s)
		request, answer := rawtest.Source{Dim: 128}.Pipeline(0, 1)
		for longest := headerTCP4("10.1.2.3", 65535-12); s.Metrics().LateRequests < 5 && len(longest) > 1; longest = longest[1:] {
			drips.Send(longest[:1]) // fails once the server has closed the connection
			rawtest.Check(t, asks.Exchange(request, answer))
		}
		rawtest.Check(t, errors.Join(asks.Finish(), drips.Close()))
		if n := s.Metrics().LateRequests; n != 5 {
			t.Errorf("%d late connections, want 5", n)
		}
	})
}

// TestDrainBehindBalancer: a drain answers what has arrived behind a header, and tells a peer of
// version 2 that the server goes away. It does not wait for a header.
func TestDrainBehindBalancer(t *testing.T) {
	rawtest.EachPlacement(t, behindBalancers, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 64)
		header := headerTCP4("10.1.2.3", 7)
		silent, half, old, greets := dialFrom(t, balancer, s), dialFrom(t, balancer, s), dialFrom(t, balancer, s), dialFrom(t, balancer, s)
		rawtest.Check(t, half.Send(header[:20]))
		rawtest.Check(t, old.Send(slices.Concat(header, requests)))
		rawtest.Check(t, greets.Send(slices.Concat(header, anything, requests)))
		ended := shutdown(s)
		rawtest.Check(t, errors.Join(silent.ExpectEOF(), silent.Close(), half.ExpectEOF(), half.Close()))
		rawtest.Check(t, errors.Join(old.Expect(answers), old.ExpectEOF(), old.Close()))
		rawtest.Check(t, greets.Receive(make([]byte, len(welcome)+len(answers)+len(rawtest.GoingAway()))))
		rawtest.Check(t, greets.Finish())
		rawtest.Check(t, <-ended)
	})
}
