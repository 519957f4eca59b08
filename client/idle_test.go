package client

import (
	"bufio"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleCutIsNoFailure: a server closes the idle connections of a Client, whether they
// brought an answer or not. The Client connects again when a call starts and not before,
// and no call fails.
func TestIdleCutIsNoFailure(t *testing.T) {
	bothVersions(t, idleCutIsNoFailure)
}

// bothVersions runs test for each version, with the function that serves it.
func bothVersions(t *testing.T, test func(*testing.T, Config, func(testing.TB, int, func(*peer)) string)) {
	t.Run("1", func(t *testing.T) { test(t, Config{Version: 1, Dim: 3}, serveBare) })
	t.Run("2", func(t *testing.T) { test(t, Config{Version: 2}, serve) })
}

func idleCutIsNoFailure(t *testing.T, cfg Config, serve func(testing.TB, int, func(*peer)) string) {
	conns := make(chan *peer, 10)
	c := dial(t, cfg, serve(t, 3, func(p *peer) {
		conns <- p
		answerAll(p)
	}))
	for k := range 5 {
		(<-conns).Close()
		await(t, "the Client to notice", func() bool { return c.asleep.Load() == 1 })
		if len(conns) != 0 {
			t.Error("the Client connected again, but no call needs the connection")
		}
		if err := scoreOnce(t.Context(), c, k, 10); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnusedConnectionsAreCut: the server closes the idle connections of a Client of which
// only some brought answers. No call fails.
func TestUnusedConnectionsAreCut(t *testing.T) {
	bothVersions(t, unusedConnectionsAreCut)
}

func unusedConnectionsAreCut(t *testing.T, cfg Config, serve func(testing.TB, int, func(*peer)) string) {
	conns := make(chan *peer, 10)
	addr := serve(t, 3, func(p *peer) {
		conns <- p
		answerAll(p)
	})
	cfg.Conns = 3
	c := dial(t, cfg, addr)
	for k := range 4 {
		for range 3 {
			(<-conns).Close()
		}
		await(t, "the Client to notice", func() bool { return c.asleep.Load() == 3 })
		if err := scoreOnce(t.Context(), c, k, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// pipes connects to scripts in the same process, without sockets. It counts the attempts
// at each address.
type pipes struct {
	scripts  map[string]func(*peer)
	attempts map[string]*atomic.Int32
}

func newPipes(scripts map[string]func(*peer)) *pipes {
	p := &pipes{scripts: scripts, attempts: map[string]*atomic.Int32{}}
	for addr := range scripts {
		p.attempts[addr] = new(atomic.Int32)
	}
	return p
}

func (p *pipes) dial(_ context.Context, addr string) (net.Conn, error) {
	p.attempts[addr].Add(1)
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		welcoming(p.scripts[addr])(&peer{Conn: far, in: bufio.NewReader(far), dim: 3})
	}()
	return near, nil
}

// scoreInBubble is scoreOnce for a test of synctest: no later test may use its Call, and so
// it is not one of Score.
func scoreInBubble(c *Client) error {
	call := &Call{Dst: make([]float32, 1), Rows: []float32{1, 2, 3}}
	c.Start(call)
	return call.Wait(context.Background())
}

// TestIdleClientsDoNotReconnect: the server closes a connection that is idle for half a
// second. The Client leaves it so, for however long, and its next call succeeds.
func TestIdleClientsDoNotReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(map[string]func(*peer){"127.0.0.1:1": func(p *peer) {
			for {
				p.SetReadDeadline(time.Now().Add(time.Second / 2))
				scores, ok := p.readScores()
				if !ok {
					return
				}
				p.writeScores(scores)
			}
		}})
		c := dial(t, Config{Dim: 3, dial: p.dial}, "127.0.0.1:1")
		for k := range int32(10) {
			time.Sleep(time.Hour)
			if got := p.attempts["127.0.0.1:1"].Load(); got != k+1 {
				t.Fatalf("%d connections before call %d, want one for each call before and the first", got, k)
			}
			if err := scoreInBubble(c); err != nil {
				t.Fatal(err)
			}
		}
		c.Close()
	})
}

// TestClosingServerIsGivenTime: one of two servers closes every connection at once, in order.
// However many calls start, the Client's attempts at it become as rare as one per second,
// and do not end.
func TestClosingServerIsGivenTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(map[string]func(*peer){"127.0.0.1:1": answerAll, "127.0.0.1:2": func(*peer) {}})
		c := dial(t, Config{Dim: 3, dial: p.dial}, "127.0.0.1:1", "127.0.0.1:2")
		for range 20_000 {
			time.Sleep(time.Millisecond)
			if err := scoreInBubble(c); err != nil {
				t.Fatal(err)
			}
		}
		// Pauses of up to 10, 20, 40, 80, 160, 320, 640 and then 1,000 ms, each shortened by
		// up to half.
		if got := p.attempts["127.0.0.1:2"].Load(); got < 8+18 || got > 8+40 {
			t.Errorf("%d attempts in 20 s", got)
		}
		c.Close()
	})
}
