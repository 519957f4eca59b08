package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
)

func TestServerClosesMidResponse(t *testing.T) {
	addr := serve(t, 3, func(p *peer) {
		if _, ok := p.readScores(); ok {
			p.Write([]byte{2, 0, 0, 0, 1, 2, 3})
		}
	})
	c := dial(t, small, addr)
	err := scoreOnce(t.Context(), c, 1, 2)
	var lost *ConnectionLost
	if !errors.As(err, &lost) || !lost.Written || lost.Addr != addr || !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestProtocolErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(*peer)
		want ProtocolError
	}{
		{"fewer", func(p *peer) { p.writeScores(make([]float32, 1)) }, ProtocolError{Got: 1, Want: 2}},
		{"more", func(p *peer) { p.writeScores(make([]float32, 3)) }, ProtocolError{Got: 3, Want: 2}},
		{"more, header alone", func(p *peer) { p.writeCount(3, nil) }, ProtocolError{Got: 3, Want: 2}},
		{"none", func(p *peer) { p.writeCount(0, nil) }, ProtocolError{Got: 0, Want: 2}},
		{"above max_vectors", func(p *peer) { p.writeCount(70_000, nil) }, ProtocolError{Got: 70_000, Want: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, small, serve(t, 3, func(p *peer) {
				p.readScores()
				c.send(p)
				swallow(p)
			}))
			err := scoreOnce(t.Context(), client, 1, 2)
			var got *ProtocolError
			if !errors.As(err, &got) || *got != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
}

// TestResponseWithoutRequest: a server sends a response on its first connection before any
// request.
func TestResponseWithoutRequest(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, small, serve(t, 3, func(p *peer) {
		if connections.Add(1) == 1 {
			p.writeScores([]float32{1})
			swallow(p)
		}
		answerAll(p)
	}))
	await(t, "another connection", func() bool { return connections.Load() == 2 })
	if err := scoreOnce(t.Context(), c, 10, 1); err != nil {
		t.Error(err)
	}
	idle := newLink(newSlot(newClient(completed(t, small)), "a:1", 0), nil, wire.Welcome{Format: wire.Default})
	_, err := idle.deliver(encoded([]float32{1, 2}))
	var got *ProtocolError
	if !errors.As(err, &got) || *got != (ProtocolError{Got: 2}) {
		t.Errorf("got %v", err)
	}
}

// TestStall: the server reads and never answers, or answers only half. The call ends although
// its context does not.
func TestStall(t *testing.T) {
	for _, script := range []func(*peer){swallow, func(p *peer) {
		p.readScores()
		p.writeCount(1, nil) // half a response
		swallow(p)
	}} {
		cfg := small
		cfg.StallTimeout = 20 * time.Millisecond
		c := dial(t, cfg, serve(t, 3, script))
		err := scoreOnce(t.Context(), c, 1, 1)
		var lost *ConnectionLost
		if !errors.Is(err, ErrStalled) || !errors.As(err, &lost) || !lost.Written {
			t.Errorf("got %v", err)
		}
	}
}

// watchedConn counts how often its reader sets a deadline.
type watchedConn struct {
	net.Conn
	deadlines atomic.Int32
}

func (w *watchedConn) SetReadDeadline(t time.Time) error {
	w.deadlines.Add(1)
	return w.Conn.SetReadDeadline(t)
}

// TestIdleIsNoStall: a connection without requests may be silent for longer than the stall
// timeout.
func TestIdleIsNoStall(t *testing.T) {
	var watched watchedConn
	cfg := small
	cfg.StallTimeout = 4 * time.Millisecond
	cfg.dial = func(_ context.Context, addr string) (conn net.Conn, err error) {
		watched.Conn, err = net.Dial("tcp", addr)
		return &watched, err
	}
	c := dial(t, cfg, serve(t, 3, answerAll))
	first := c.slots[0].link.Load()
	await(t, "three stall timeouts", func() bool { return watched.deadlines.Load() > 3*quarters })
	if c.slots[0].link.Load() != first {
		t.Error("the Client closed the idle connection")
	}
}

// TestOneByteAtATime: answers arrive one byte at a time.
func TestOneByteAtATime(t *testing.T) {
	c := dial(t, small, serve(t, 3, func(p *peer) {
		for scores, ok := p.readScores(); ok; scores, ok = p.readScores() {
			for _, b := range encoded(scores) {
				p.Write([]byte{b})
			}
		}
	}))
	var callers sync.WaitGroup
	for g := range 10 {
		callers.Go(func() {
			if err := scoreOnce(t.Context(), c, g, 6); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
}

func TestCloseDrains(t *testing.T) {
	closing := make(chan struct{})
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Window: 5}, serve(t, 3, func(p *peer) {
		<-closing
		answerAll(p)
	}))
	var callers sync.WaitGroup
	for g := range 10 {
		callers.Go(func() {
			if err := scoreOnce(t.Context(), c, g, 6); err != nil {
				t.Error(err)
			}
		})
	}
	await(t, "all in line", func() bool {
		return on(c, func(l *link) uint64 { return l.admitted }) == 5 && c.waiting.Load() == 8
	})
	go func() {
		await(t, "closing", c.closing.Load)
		if err := scoreOnce(t.Context(), c, 1, 1); !errors.Is(err, ErrClosed) {
			t.Errorf("while closing got %v", err)
		}
		await(t, "every call in line", func() bool { return c.waiting.Load() == 8 || t.Failed() })
		close(closing)
	}()
	c.Close()
	callers.Wait()
	if err := c.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := scoreOnce(t.Context(), c, 1, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards got %v", err)
	}
}

// TestCloseWaitsNoLongerThanCallers: the server never answers, and Close returns when the
// caller gives up.
func TestCloseWaitsNoLongerThanCallers(t *testing.T) {
	c := dial(t, small, serve(t, 3, swallow))
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- scoreOnce(ctx, c, 1, 1) }()
	await(t, "in flight", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	go func() {
		await(t, "closing", c.closing.Load)
		cancel()
	}()
	c.Close()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestNoGoroutineStays compares the number of goroutines before Dial and after Close.
func TestNoGoroutineStays(t *testing.T) {
	addr := serve(t, 3, answerAll)
	before := runtime.NumGoroutine()
	for range 10 {
		c := dial(t, Config{Dim: 3, Conns: 4}, addr, "127.0.0.1:1")
		if err := scoreOnce(t.Context(), c, 1, 200); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	await(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
}

func TestConfigErrors(t *testing.T) {
	addrs := []string{"127.0.0.1:1"}
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{}, "no address"},
		{Config{Addrs: []string{"127.0.0.1:1", "host"}}, "address host: missing port"},
		{Config{Addrs: []string{"unix:"}}, "unix: has no path"},
		{Config{Addrs: addrs, Conns: -1}, "conns -1"},
		{Config{Addrs: addrs, Window: -1}, "window -1"},
		{Config{Addrs: addrs, Window: maxWindow + 1}, "window 1048577"},
		{Config{Addrs: addrs, Version: 3}, "version 3: 1 and 2"},
		{Config{Addrs: addrs, Dim: -1}, "dim -1"},
		{Config{Addrs: addrs, Outputs: -1}, "outputs -1"},
		{Config{Addrs: addrs, Version: 1, Kind: wire.Raw}, "version 1 cannot"},
		{Config{Addrs: addrs, Version: 1, ModelName: "m"}, "version 1 cannot"},
		{Config{Addrs: addrs, ModelName: "\xff"}, "UTF-8"},
		{Config{Addrs: addrs, MaxVectors: -2}, "max_vectors -2"},
		{Config{Addrs: addrs, Timeout: -1}, "must not be negative"},
	} {
		if _, err := Dial(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.says)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	x := errors.New("x")
	for _, c := range []struct {
		err  error
		want string
	}{
		{&DimError{Bytes: 20, Scores: 2, Dim: 3, Outputs: 1}, "client: the rows have 20 bytes; 2 scores of dim 3 need 24 bytes"},
		{&DimError{Bytes: 20, Scores: 4, Dim: 3, Outputs: 2}, "client: the rows have 20 bytes; 4 scores, 2 per vector of dim 3, need 24 bytes"},
		{&DimError{Bytes: 24, Scores: 3, Dim: 3, Outputs: 2}, "client: there is room for 3 scores, which is no multiple of the model's 2 scores per vector"},
		{&ModelFailed{Addr: "a:1", Code: 1, Row: 7}, "client: the model of a:1 returned an error for row 7; the server's log has it"},
		{&ModelFailed{Addr: "a:1", Code: 2, Row: -1}, "client: the model of a:1 panicked; the server's log says more"},
		{&ModelFailed{Addr: "a:1", Code: 9, Row: -1}, "client: a:1 failed a request with code 9"},
		{&GaveUp{Err: x}, "client: gave up before the request was written: x"},
		{&GaveUp{Written: true, Err: x}, "client: gave up while waiting for the answer: x"},
		{&ConnectionLost{Addr: "a:1", Written: true, Err: x}, "client: connection to a:1 lost while waiting for the answer: x"},
		{&ConnectionLost{Addr: "a:1", Err: x}, "client: connection to a:1 lost before a request was answered: x"},
		{&Unavailable{Errs: []error{x, fmt.Errorf("client: %w", x)}}, "client: no server can be reached: x; x"},
		{&ProtocolError{Got: 3}, "response of 3 scores without a request"},
		{&ProtocolError{Got: 3, Want: 2}, "response of 3 scores to a request of 2 vectors"},
	} {
		if c.err.Error() != c.want {
			t.Errorf("got %q, want %q", c.err, c.want)
		}
	}
}
