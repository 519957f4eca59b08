package client

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// never is an attempt to connect that does not end.
func never(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// awaitTaken waits until requests are in writes on the only connection of c.
func awaitTaken(t *testing.T, c *Client, requests uint64) {
	t.Helper()
	await(t, "written", func() bool { return on(c, func(l *link) bool { return l.taken == requests }) })
}

// expectEnd checks that the client has half-closed and sent nothing more.
func (p *peer) expectEnd(t *testing.T) {
	if _, err := p.in.ReadByte(); err != io.EOF {
		t.Errorf("after the last request: %v, want the client's end", err)
	}
}

// TestOneOfTwoServersGoesAway: a server goes away while calls are in flight on it, and another
// stands. No call fails. None is sent to the first server any more, and none waits until
// the first server can be reached again.
func TestOneOfTwoServersGoesAway(t *testing.T) {
	goes, answers := make(chan struct{}), make(chan struct{})
	away := serve(t, 3, func(p *peer) {
		var held [][]float32
		for range 2 {
			scores, _ := p.readScores()
			held = append(held, scores)
		}
		<-goes
		p.goAway()
		p.goAway()
		<-answers
		p.expectEnd(t)
		for _, scores := range held {
			p.writeScores(scores)
		}
	})
	stays := serve(t, 3, answerAll)
	stands := make(chan struct{})
	var attempts atomic.Int32
	c, err := Dial(t.Context(), Config{Addrs: []string{away, stays}, dial: func(ctx context.Context, addr string) (net.Conn, error) {
		if addr == stays {
			<-stands
		} else if attempts.Add(1) > 1 {
			return never(ctx)
		}
		return dialAddr(ctx, addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first, second := start(c, 1, 5), start(c, 10, 5)
	awaitTaken(t, c, 2)
	close(stands)
	await(t, "the other connection", func() bool { return c.slots[1].link.Load() != nil })
	close(goes)
	await(t, "the notice", func() bool { return c.slots[0].link.Load() == nil })
	for k := range 50 {
		if err := scoreOnce(t.Context(), c, k, 5); err != nil {
			t.Error(err)
		}
	}
	close(answers)
	first(t)
	second(t)
}

// TestNotBegunMovesAtOnce: a server goes away while it does not read, so that a write is in
// progress. The request in the middle of the write is sent to its end. The requests behind it
// move to the other server at once.
func TestNotBegunMovesAtOnce(t *testing.T) {
	const many = 30_000 // 15 MiB: more than sockets hold
	begun, goes, read := make(chan struct{}), make(chan struct{}), make(chan struct{})
	away := serve(t, 128, func(p *peer) {
		p.in.Peek(1)
		close(begun)
		<-goes
		p.goAway()
		<-read
		scores, _ := p.readScores()
		p.expectEnd(t)
		p.writeScores(scores)
	})
	stays := serve(t, 128, answerAll)
	stands := make(chan struct{})
	c, err := Dial(t.Context(), Config{Addrs: []string{away, stays}, MaxVectors: many, dial: func(ctx context.Context, addr string) (net.Conn, error) {
		if addr == stays {
			<-stands
		}
		return dialAddr(ctx, addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	large := start(c, 1, many)
	<-begun
	behind := []func(*testing.T){start(c, 10, 5), start(c, 20, 200)}
	close(stands)
	await(t, "the other connection", func() bool { return c.slots[1].link.Load() != nil })
	if load := c.slots[0].load.Load(); load != many+205 {
		t.Errorf("%d vectors in line", load)
	}
	close(goes)
	if interruptible {
		for _, check := range behind {
			check(t)
		}
	}
	close(read)
	large(t)
}

// TestUnansweredAtTheEnd: a server goes away, answers some of what it had received, and closes
// the connection. The other requests move, whatever Config.Retry is.
func TestUnansweredAtTheEnd(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		if connections.Add(1) > 1 {
			answerAll(p)
			return
		}
		first, _ := p.readScores()
		p.readScores()
		p.readScores()
		p.goAway()
		p.writeScores(first)
		p.expectEnd(t)
	}))
	var checks []func(*testing.T)
	for k := range 3 {
		checks = append(checks, start(c, 10*k, 4))
	}
	for _, check := range checks {
		check(t)
	}
}

// TestGoesAwayAndComesBack: the only server goes away and is there again at once. Calls use
// the new connection while the old one still has answers to bring.
func TestGoesAwayAndComesBack(t *testing.T) {
	answers := make(chan struct{})
	var connections atomic.Int32
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		if connections.Add(1) > 1 {
			answerAll(p)
			return
		}
		scores, _ := p.readScores()
		p.goAway()
		<-answers
		p.writeScores(scores)
		p.expectEnd(t)
	}))
	slow := start(c, 1, 4)
	await(t, "the notice", func() bool { return c.slots[0].link.Load() == nil })
	for k := range 10 {
		if err := scoreOnce(t.Context(), c, k, 3); err != nil {
			t.Error(err)
		}
	}
	close(answers)
	slow(t)
	if connections.Load() != 2 {
		t.Errorf("%d connections, want 2", connections.Load())
	}
}

// TestGoesAwayForGood: the only server goes away, and attempts to connect fail. New calls
// fail, and the call in flight gets its answer.
func TestGoesAwayForGood(t *testing.T) {
	refused := errors.New("refused")
	answers := make(chan struct{})
	var attempts atomic.Int32
	c := dial(t, Config{dial: func(ctx context.Context, addr string) (net.Conn, error) {
		if attempts.Add(1) > 1 {
			return nil, refused
		}
		return dialAddr(ctx, addr)
	}}, serve(t, 3, func(p *peer) {
		scores, _ := p.readScores()
		p.goAway()
		<-answers
		p.writeScores(scores)
	}))
	slow := start(c, 1, 4)
	await(t, "the notice", func() bool { return c.slots[0].link.Load() == nil })
	for range 3 {
		if err := scoreOnce(t.Context(), c, 1, 1); !errors.As(err, new(*Unavailable)) || !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
	}
	close(answers)
	slow(t)
}

// TestIdleServerGoesAway: the Client half-closes an idle connection and connects again only
// when a call starts.
func TestIdleServerGoesAway(t *testing.T) {
	var connections atomic.Int32
	ended := make(chan struct{})
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		if connections.Add(1) > 1 {
			answerAll(p)
			return
		}
		p.goAway()
		p.expectEnd(t)
		close(ended)
	}))
	<-ended
	await(t, "sleep", func() bool { return c.asleep.Load() == 1 })
	if connections.Load() != 1 {
		t.Error("connected again, but no call has started")
	}
	if err := scoreOnce(t.Context(), c, 1, 10); err != nil {
		t.Error(err)
	}
}

// TestServerThatAlwaysGoesAway: one of two servers welcomes each connection and goes away at
// once. The attempts at it become rare, and no call fails.
func TestServerThatAlwaysGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(map[string]func(*peer){"127.0.0.1:1": answerAll, "127.0.0.1:2": func(p *peer) { p.goAway() }})
		c := dial(t, Config{dial: p.dial}, "127.0.0.1:1", "127.0.0.1:2")
		for range 20_000 {
			time.Sleep(time.Millisecond)
			if err := scoreInBubble(c); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.attempts["127.0.0.1:2"].Load(); got < 8+18 || got > 8+40 {
			t.Errorf("%d attempts in 20 s", got)
		}
		c.Close()
	})
}

// TestServerThatNeverEnds: a server goes away and then neither answers nor closes. The Client
// closes the connection after Config.StallTimeout, and the request moves as Config.Retry
// allows.
func TestServerThatNeverEnds(t *testing.T) {
	for _, retry := range []int{0, 10} {
		var connections atomic.Int32
		hangs := make(chan struct{})
		c := dial(t, Config{StallTimeout: 20 * time.Millisecond, Retry: retry}, serve(t, 3, func(p *peer) {
			if connections.Add(1) > 1 {
				answerAll(p)
				return
			}
			p.readScores()
			p.goAway()
			<-hangs
		}))
		err := scoreOnce(t.Context(), c, 1, 1)
		if retry > 0 && err != nil || retry == 0 && !errors.Is(err, ErrStalled) {
			t.Errorf("retry %d: got %v", retry, err)
		}
		await(t, "no connection left", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.leaving) == 0
		})
		close(hangs)
	}
}

// TestCloseWaitsForLeavingConnections: Close waits for the answer on a connection whose server
// goes away, and leaves nothing behind.
func TestCloseWaitsForLeavingConnections(t *testing.T) {
	before := runtime.NumGoroutine()
	answers := make(chan struct{})
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		scores, _ := p.readScores()
		p.goAway()
		<-answers
		p.writeScores(scores)
	}))
	slow := start(c, 1, 4)
	await(t, "the notice", func() bool { return c.slots[0].link.Load() == nil })
	var closing sync.WaitGroup
	closing.Go(func() { c.Close() })
	await(t, "closing", c.closing.Load)
	close(answers)
	slow(t)
	closing.Wait()
	await(t, "no more goroutines than before and the server", func() bool { return runtime.NumGoroutine() <= before+1 })
}

// TestCloseEndsLeavingConnections: Close ends a connection whose server goes away and does not
// close it, once no call waits for it.
func TestCloseEndsLeavingConnections(t *testing.T) {
	closed := make(chan struct{})
	c := dial(t, Config{StallTimeout: time.Hour}, serve(t, 3, func(p *peer) {
		p.readScores()
		p.goAway()
		<-closed
	}))
	call := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}
	c.Start(call)
	await(t, "the notice", func() bool { return c.slots[0].link.Load() == nil })
	call.Wait(endedContext(t))
	c.Close()
	close(closed)
}

// TestEndWithoutAnswer: a server reads requests and closes the connection in order, without a
// notice. It may have done so before it read them, so they move, whatever Config.Retry is.
func TestEndWithoutAnswer(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		if connections.Add(1) > 1 {
			answerAll(p)
			return
		}
		p.readScores()
		p.readScores()
	}))
	first, second := start(c, 1, 5), start(c, 10, 5)
	first(t)
	second(t)
}

// TestMovesEnd: servers read each request and close. The Client sends it once to each address,
// and twice more, in all.
func TestMovesEnd(t *testing.T) {
	for addresses := range 3 {
		addresses++
		var seen atomic.Int32
		addr := serve(t, 3, func(p *peer) {
			if _, ok := p.readScores(); ok {
				seen.Add(1)
			}
		})
		c := dial(t, Config{}, slices.Repeat([]string{addr}, addresses)...)
		lost, ok := errors.AsType[*ConnectionLost](scoreOnce(t.Context(), c, 1, 1))
		if !ok || !lost.Written || !errors.Is(lost, io.EOF) {
			t.Errorf("got %v", lost)
		}
		if int(seen.Load()) != addresses+2 {
			t.Errorf("%d addresses: sent %d times", addresses, seen.Load())
		}
	}
}

// TestResetKeepsRetry: after a reset a written request is sent again as often as Config.Retry
// allows.
func TestResetKeepsRetry(t *testing.T) {
	for retry := range 3 {
		var seen atomic.Int32
		addr := serve(t, 3, func(p *peer) {
			if _, ok := p.readScores(); ok {
				seen.Add(1)
				p.reset()
			}
		})
		c := dial(t, Config{Retry: retry}, addr, addr, addr, addr)
		if err := scoreOnce(t.Context(), c, 1, 1); !errors.As(err, new(*ConnectionLost)) {
			t.Errorf("got %v", err)
		}
		if int(seen.Load()) != retry+1 {
			t.Errorf("retry %d: sent %d times", retry, seen.Load())
		}
	}
}
