package client

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// unusedAddr returns an address where no server listens.
func unusedAddr(t testing.TB) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	return listener.Addr().String()
}

func TestNobodyListens(t *testing.T) {
	addrs := []string{unusedAddr(t), unusedAddr(t)}
	_, err := Dial(t.Context(), Config{Addrs: addrs, Conns: 3})
	var unavailable *Unavailable
	if !errors.As(err, &unavailable) || len(unavailable.Errs) != 2 {
		t.Errorf("got %v", err)
	}
	var netErr *net.OpError
	if !errors.As(err, &netErr) {
		t.Errorf("%v does not wrap the reason", err)
	}
}

// TestDialGivesUp: the first attempt never ends, and Dial returns when its context ends.
func TestDialGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := Config{Addrs: []string{"127.0.0.1:1"}, dial: func(dialCtx context.Context, _ string) (net.Conn, error) {
		cancel()
		<-dialCtx.Done()
		return nil, dialCtx.Err()
	}}
	if _, err := Dial(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestOneAddressOfTwo: no server listens on one address, and calls use the other.
func TestOneAddressOfTwo(t *testing.T) {
	c := dial(t, small, unusedAddr(t), serve(t, 3, answerAll))
	for k := range 20 {
		if err := scoreOnce(t.Context(), c, k, 6); err != nil {
			t.Error(err)
		}
	}
}

// TestReconnects: the server closes every connection after one answer. Calls wait for the
// next connection.
func TestReconnects(t *testing.T) {
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Retry: 1000}, serve(t, 3, func(p *peer) {
		if scores, ok := p.readScores(); ok {
			p.writeScores(scores)
		}
	}))
	var callers sync.WaitGroup
	for g := range 4 {
		callers.Go(func() {
			for k := range 10 {
				if err := scoreOnce(t.Context(), c, 100*g+k, 2); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}

// TestWrittenIsNotSentTwice: a connection is lost after one call was written and while
// another waits. Without Retry the first fails and the second moves.
func TestWrittenIsNotSentTwice(t *testing.T) {
	lose := make(chan struct{})
	var connections atomic.Int32
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Window: 1, Version: 1}, serveBare(t, 3, func(p *peer) {
		if connections.Add(1) == 1 {
			p.readScores()
			<-lose
			return
		}
		answerAll(p)
	}))
	written, queued := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}, &Call{Dst: make([]float32, 5), Rows: make([]float32, 15)}
	c.Start(written)
	await(t, "written", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	c.Start(queued)
	close(lose)
	var lost *ConnectionLost
	if err := written.Wait(t.Context()); !errors.As(err, &lost) || !lost.Written {
		t.Errorf("written: got %v", err)
	}
	if err := queued.Wait(t.Context()); err != nil {
		t.Errorf("queued: got %v", err)
	}
}

// writeFails is a connection whose writes fail and whose reads do not end.
type writeFails struct{ net.Conn }

func (writeFails) Write([]byte) (int, error) { return 0, errors.New("no") }

// TestWriteFails: a request whose write has failed moves to another connection, although
// the read loop never sees an end.
func TestWriteFails(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var attempts atomic.Int32
	cfg := small
	cfg.Version, cfg.StallTimeout = 1, 20*time.Millisecond
	cfg.dial = func(_ context.Context, addr string) (net.Conn, error) {
		if attempts.Add(1) == 1 {
			return writeFails{near}, nil
		}
		return net.Dial("tcp", addr)
	}
	c := dial(t, cfg, serveBare(t, 3, answerAll))
	call := &Call{Dst: make([]float32, 1), Rows: []float32{1, 2, 3}, Done: make(chan *Call, 1)}
	c.Start(call)
	await(t, "its end", func() bool { return len(call.Done) == 1 })
	if err := call.Wait(t.Context()); err != nil || call.Dst[0] != 6 {
		t.Errorf("got %v, %v", call.Dst, err)
	}
}

// TestRetryEnds: the servers read a request and close. The Client sends it as often as Retry
// allows and not more. There are so many servers that one of them has not failed yet.
func TestRetryEnds(t *testing.T) {
	var seen atomic.Int32
	cfg := small
	cfg.Version, cfg.Retry = 1, 2
	addr := serveBare(t, 3, func(p *peer) {
		if _, ok := p.readScores(); ok {
			seen.Add(1)
		}
	})
	c := dial(t, cfg, addr, addr, addr, addr)
	var lost *ConnectionLost
	if err := scoreOnce(t.Context(), c, 1, 1); !errors.As(err, &lost) || !lost.Written {
		t.Errorf("got %v", err)
	}
	if seen.Load() != 3 {
		t.Errorf("sent %d times, want 3", seen.Load())
	}
}

// TestUnavailable follows calls through an outage. Calls made during the first attempt to
// reconnect wait for it. Once it has failed, these and later calls fail, until an attempt
// succeeds.
func TestUnavailable(t *testing.T) {
	refused := errors.New("refused")
	attempts, lose := make(chan error), make(chan struct{})
	addr := serve(t, 3, func(p *peer) {
		scores, _ := p.readScores()
		p.writeScores(scores)
		<-lose
	})
	cfg := small
	cfg.dial = func(ctx context.Context, addr string) (net.Conn, error) {
		select {
		case err := <-attempts:
			if err != nil {
				return nil, err
			}
			return net.Dial("tcp", addr)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	go func() { attempts <- nil }()
	c := dial(t, cfg, addr)
	if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
		t.Fatal(err)
	}
	close(lose)
	await(t, "connection lost", func() bool { return c.slots[0].link.Load() == nil })

	waits := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}
	c.Start(waits)
	await(t, "waiting", func() bool { return c.waiting.Load() == 1 })
	attempts <- refused
	var unavailable *Unavailable
	if err := waits.Wait(t.Context()); !errors.As(err, &unavailable) || !errors.Is(err, refused) {
		t.Errorf("waiting call: got %v", err)
	}
	if err := scoreOnce(t.Context(), c, 1, 1); !errors.Is(err, refused) {
		t.Errorf("later call: got %v", err)
	}
	attempts <- nil
	await(t, "connected", func() bool { return c.slots[0].link.Load() != nil })
	if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

// TestClosesAtOnce: a load balancer without servers accepts each connection and closes it.
// Every attempt to connect succeeds, but calls must soon fail with *Unavailable instead of
// waiting for ever.
func TestClosesAtOnce(t *testing.T) {
	cfg := small
	cfg.Version = 1
	c := dial(t, cfg, serveBare(t, 3, func(*peer) {}))
	await(t, "a call to fail with *Unavailable", func() bool {
		err := scoreOnce(t.Context(), c, 1, 1)
		var lost *ConnectionLost
		if !errors.As(err, &lost) { // *Unavailable wraps it too
			t.Fatalf("got %v", err)
		}
		return errors.As(err, new(*Unavailable))
	})
}

// TestCloseEndsAttempts: Close ends an attempt to connect that would never end.
func TestCloseEndsAttempts(t *testing.T) {
	cfg := small
	var attempts atomic.Int32
	cfg.dial = func(ctx context.Context, addr string) (net.Conn, error) {
		if attempts.Add(1) == 1 {
			return net.Dial("tcp", addr)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	cfg.Addrs = []string{serve(t, 3, func(p *peer) { p.writeScores([]float32{1}) })}
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "another attempt", func() bool { return attempts.Load() == 2 })
	c.Close()
}

// TestLastLossForgetsOldFailures: one server fails and recovers while another works, and then
// the other is lost. The Client must try the first again at once, before any call fails with
// *Unavailable.
func TestLastLossForgetsOldFailures(t *testing.T) {
	for how, end := range map[string]func(*peer){"closes": func(*peer) {}, "hangs": swallow} {
		t.Run(how, func(t *testing.T) { lastLossForgetsOldFailures(t, end) })
	}
}

// answersOnce returns a server that answers one request, and calls end once lose is closed.
func answersOnce(lose <-chan struct{}, end func(*peer)) func(*peer) {
	return func(p *peer) {
		scores, _ := p.readScores()
		p.writeScores(scores)
		<-lose
		end(p)
	}
}

func lastLossForgetsOldFailures(t *testing.T, end func(*peer)) {
	lose := make(chan struct{})
	recovers := serve(t, 3, answerAll)
	ends := serve(t, 3, answersOnce(lose, end))
	refused := errors.New("refused")
	var recovered atomic.Bool
	var failures, connections atomic.Int32
	cfg := small
	cfg.Retry, cfg.StallTimeout = 10, 20*time.Millisecond
	cfg.dial = func(_ context.Context, addr string) (net.Conn, error) {
		if addr == recovers && !recovered.Load() {
			failures.Add(1)
			return nil, refused
		}
		if addr == ends && connections.Add(1) > 1 {
			return nil, refused
		}
		return net.Dial("tcp", addr)
	}
	c := dial(t, cfg, recovers, ends)
	if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
		t.Fatal(err)
	}
	await(t, "the next attempt to be far", func() bool { return failures.Load() == 5 })
	recovered.Store(true)
	close(lose)
	if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestAttemptFromBeforeTheLoss: an attempt that began before the last connection was lost, and
// fails after it, fails no call: the server may have recovered meanwhile.
func TestAttemptFromBeforeTheLoss(t *testing.T) {
	lose, fail := make(chan struct{}), make(chan struct{})
	recovers := serve(t, 3, answerAll)
	ends := serve(t, 3, answersOnce(lose, func(*peer) {}))
	refused := errors.New("refused")
	var attempts, connections atomic.Int32
	cfg := small
	cfg.dial = func(_ context.Context, addr string) (net.Conn, error) {
		if addr == recovers && attempts.Add(1) <= 2 {
			if attempts.Load() == 2 {
				<-fail
			}
			return nil, refused
		}
		if addr == ends && connections.Add(1) > 1 {
			return nil, refused
		}
		return net.Dial("tcp", addr)
	}
	c := dial(t, cfg, recovers, ends)
	if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
		t.Fatal(err)
	}
	await(t, "an attempt in progress", func() bool { return attempts.Load() == 2 })
	close(lose)
	await(t, "the loss", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return !c.connectedAnywhere()
	})
	scored := make(chan error, 1)
	go func() { scored <- scoreOnce(t.Context(), c, 1, 1) }()
	await(t, "a call that waits", func() bool { return c.waiting.Load() == 1 })
	await(t, "the attempt at the other server", func() bool { return connections.Load() == 2 })
	close(fail)
	if err := <-scored; err != nil {
		t.Errorf("got %v", err)
	}
}
