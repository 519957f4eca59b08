//go:build linux

package server_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"pgregory.net/rapid"
)

// upTo returns the sizes 1 to n.
func upTo(n int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = i + 1
	}
	return sizes
}

// mixed returns count sizes of requests: mostly small, now and then as large as most.
func mixed(count, most int) []int {
	sizes := make([]int, count)
	for i := range sizes {
		switch {
		case i%16 == 9:
			sizes[i] = most
		case i%4 == 3:
			sizes[i] = 1 + i%most
		default:
			sizes[i] = 1 + i%min(3, most)
		}
	}
	return sizes
}

// exchange connects, sends requests, expects answers, and finishes.
func exchange(addr string, requests, answers []byte) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Exchange(requests, answers); err != nil {
		return err
	}
	return c.Finish()
}

func TestEverySize(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		source := rawtest.Source{Dim: 128}
		for _, vectors := range upTo(64) {
			requests, answers := source.Pipeline(vectors, vectors)
			rawtest.Check(t, c.Exchange(requests, answers))
		}
		rawtest.Check(t, c.Finish())
	})
}

func TestEverySizePipelined(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, slices.Repeat(upTo(64), 8)...)
		rawtest.Check(t, exchange(s.Addr, requests, answers))
	})
}

func TestOneByteAtATime(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 3, 1, 2)
		c := dial(t, s.Addr)
		rawtest.Check(t, c.SendBytes(requests))
		rawtest.Check(t, c.Expect(answers))
		rawtest.Check(t, c.Finish())
	})
}

// TestAnyChunks cuts a pipelined stream at random places: inside headers, inside rows,
// across requests.
func TestAnyChunks(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		rapid.Check(t, func(t *rapid.T) {
			sizes := rapid.SliceOfN(rapid.IntRange(1, 64), 1, 12).Draw(t, "sizes")
			chunk := rapid.OneOf(rapid.IntRange(1, 8), rapid.IntRange(500, 530), rapid.IntRange(1, 1<<16))
			chunks := rapid.SliceOfN(chunk, 0, 40).Draw(t, "chunks")
			requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, sizes...)
			c := dial(t, s.Addr)
			defer c.Close()
			rawtest.Check(t, c.SendChunks(requests, chunks...))
			rawtest.Check(t, c.CloseWrite())
			rawtest.Check(t, c.Expect(answers))
			rawtest.Check(t, c.ExpectEOF())
		})
	})
}

func TestManyClients(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		before := s.Metrics()
		rawtest.Check(t, rawtest.Each(64, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(200, 64)...)
			return exchange(s.Addr, requests, answers)
		}))
		if answers := s.Metrics().Answers - before.Answers; answers != 64*200 {
			t.Errorf("Answers grew by %d, want %d", answers, 64*200)
		}
		if requests := s.Metrics().Requests - before.Requests; requests != 64*200 {
			t.Errorf("Requests grew by %d, want %d", requests, 64*200)
		}
	})
}

// TestPingPong keeps one request in flight per connection, so that requests and answers
// arrive when threads are about to sleep. A lost wake-up would hang it.
func TestPingPong(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(3, func(client int) error { return pingPong(s.Addr, client, 2000) }))
	})
}

// TestEveryWait uses every way to wait, with pinned threads and without.
func TestEveryWait(t *testing.T) {
	for name, wait := range map[string]server.Wait{
		"auto": server.WaitAuto, "spin": server.WaitSpin, "yield": server.WaitYield, "block": server.WaitBlock,
	} {
		for _, pin := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/pin=%t", name, pin), func(t *testing.T) {
				waits := func(cfg *server.Config) { cfg.Wait, cfg.Pin = wait, pin }
				rawtest.EachPlacement(t, waits, func(t *testing.T, s *rawtest.Server) {
					requests, answers := rawtest.Source{Dim: 128, Client: 9}.Pipeline(0, mixed(100, 64)...)
					rawtest.Check(t, exchange(s.Addr, requests, answers))
					rawtest.Check(t, rawtest.Each(2, func(client int) error { return pingPong(s.Addr, client, 20) }))
				})
			})
		}
	}
}

// pingPong sends count requests, each after the answer to the last.
func pingPong(addr string, client, count int) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	source := rawtest.Source{Dim: 128, Client: client}
	for seq := range count {
		requests, answers := source.Pipeline(seq, 1)
		if err := c.Send(requests); err != nil {
			return err
		}
		if err := c.Expect(answers); err != nil {
			return fmt.Errorf("request %d: %w", seq, err)
		}
	}
	return c.Finish()
}

// TestHalfClose: a client half-closes right after its requests. The server answers all
// whole requests and drops a part of one.
func TestHalfClose(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(100, 64)...)
		next, _ := rawtest.Source{Dim: 128}.Pipeline(100, 2)
		for _, rest := range []int{0, 1, 3, 4, 5, 4 + 512, len(next) - 1} {
			c := dial(t, s.Addr)
			rawtest.Check(t, c.Send(requests))
			rawtest.Check(t, c.Send(next[:rest]))
			rawtest.Check(t, c.CloseWrite())
			rawtest.Check(t, c.Expect(answers))
			rawtest.Check(t, c.ExpectEOF())
			rawtest.Check(t, c.Close())
		}
	})
}

func TestConnectAndLeave(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		for range 200 {
			rawtest.Check(t, dial(t, s.Addr).Finish())
		}
	})
}

func TestOtherFormats(t *testing.T) {
	for _, format := range []struct{ dim, maxVectors int }{
		{1, 64}, {3, 64}, {1024, 64}, {128, 1}, {128, 1000}, {1, 1}, {7, 1000},
	} {
		t.Run(fmt.Sprintf("dim=%d/max=%d", format.dim, format.maxVectors), func(t *testing.T) {
			resize := func(cfg *server.Config) {
				cfg.Dim, cfg.MaxVectors = format.dim, format.maxVectors
			}
			rawtest.EachPlacement(t, resize, func(t *testing.T, s *rawtest.Server) {
				sizes := append(mixed(120, format.maxVectors), format.maxVectors)
				requests, answers := rawtest.Source{Dim: format.dim}.Pipeline(0, sizes...)
				rawtest.Check(t, exchange(s.Addr, requests, answers))

				c := dial(t, s.Addr)
				rawtest.Check(t, c.Send(rawtest.Header(uint32(format.maxVectors+1))))
				rawtest.Check(t, c.ExpectEOF())
				rawtest.Check(t, c.Close())
			})
		})
	}
}

// TestHosts: a server listens on another address of this machine, given by number or name.
func TestHosts(t *testing.T) {
	for _, host := range []string{"127.0.0.2", "localhost"} {
		t.Run(host, func(t *testing.T) {
			elsewhere := func(cfg *server.Config) { cfg.Host = host }
			rawtest.EachPlacement(t, elsewhere, func(t *testing.T, s *rawtest.Server) {
				requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 64)
				rawtest.Check(t, exchange(s.Addr, requests, answers))
			})
		})
	}
}

// dial connects, or ends the test. The test must close the connection, because the harness
// waits until the server has none open.
func dial(t rawtest.TB, addr string) *rawtest.Client {
	t.Helper()
	c, err := rawtest.Dial(addr)
	rawtest.Check(t, err)
	return c
}
