package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var small = Config{Dim: 3, MaxVectors: 4}

func TestManyGoroutines(t *testing.T) {
	c := dial(t, serve(t, 3, answerAll), Config{Dim: 3, MaxVectors: 4, Window: 8})
	defer c.Close()
	var callers sync.WaitGroup
	for g := range 32 {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for k := range 50 {
				rows, want := rowsFrom(1000*g+10*k, 1+random.IntN(10), 3)
				got := make([]float32, len(want))
				if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
					t.Errorf("goroutine %d, call %d: %v, %v; want %v", g, k, got, err, want)
					return
				}
			}
		})
	}
	callers.Wait()
}

func TestSplitsAboveMaxVectors(t *testing.T) {
	var counts []int
	addr := serve(t, 128, func(p *peer) {
		for {
			scores, ok := p.readScores()
			if !ok {
				return
			}
			counts = append(counts, len(scores))
			p.writeScores(scores)
		}
	})
	c := dial(t, addr, Config{Window: 2}) // fewer than the parts
	rows, want := rowsFrom(1, 200, 128)
	got := make([]float32, 200)
	if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v; got %v", err, got)
	}
	c.Close()
	if !slices.Equal(counts, []int{64, 64, 64, 8}) {
		t.Errorf("sent as %v", counts)
	}
}

func TestEmptyCall(t *testing.T) {
	c := dial(t, serve(t, 3, swallow), small)
	defer c.Close()
	if err := c.Score(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

func TestDimError(t *testing.T) {
	c := dial(t, serve(t, 3, swallow), small)
	defer c.Close()
	err := c.Score(t.Context(), make([]float32, 2), make([]float32, 5))
	var dimErr *DimError
	if !errors.As(err, &dimErr) || *dimErr != (DimError{Rows: 5, Scores: 2, Dim: 3}) {
		t.Errorf("got %v", err)
	}
	if c.admitted != 0 {
		t.Error("a request was sent")
	}
}

func TestContextAlreadyEnded(t *testing.T) {
	c := dial(t, serve(t, 3, answerAll), small)
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Score(ctx, make([]float32, 1), make([]float32, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if c.admitted != 0 {
		t.Error("a request was sent")
	}
}

// TestGivingUpKeepsOrder abandons a call that the server has already read; its
// late answer must reach neither its dst nor the next call.
func TestGivingUpKeepsOrder(t *testing.T) {
	read, abandoned := make(chan struct{}), make(chan struct{})
	c := dial(t, serve(t, 3, func(p *peer) {
		late, _ := p.readScores()
		close(read)
		<-abandoned
		p.writeScores(late)
		answerAll(p)
	}), small)
	defer c.Close()

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-read
		cancel()
	}()
	rows, _ := rowsFrom(7, 4, 3)
	left := []float32{-1, -1, -1, -1}
	if err := c.Score(ctx, left, rows); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(abandoned)

	rows, want := rowsFrom(100, 2, 3)
	got := make([]float32, 2)
	if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
		t.Errorf("next call: %v, %v; want %v", got, err, want)
	}
	if !slices.Equal(left, []float32{-1, -1, -1, -1}) {
		t.Errorf("abandoned dst was written: %v", left)
	}
}

// TestDeadlines lets calls end while the window is full, while the write
// cannot go on, and while the answer does not come.
func TestDeadlines(t *testing.T) {
	for _, c := range []struct {
		name   string
		window int
		reads  bool
	}{
		{"window full", 1, true},
		{"server reads nothing", 256, false},
		{"server never answers", 256, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			gone := make(chan struct{})
			client := dial(t, serve(t, 128, func(p *peer) {
				if c.reads {
					swallow(p)
				}
				<-gone
			}), Config{Window: c.window})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			rows, _ := rowsFrom(1, 64, 128)
			var callers sync.WaitGroup
			for range 300 { // 9 MiB: more than sockets hold
				callers.Go(func() {
					if err := client.Score(ctx, make([]float32, 64), rows); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v", err)
					}
				})
			}
			callers.Wait()
			client.Close() // also with a write under way
			close(gone)
		})
	}
}

func TestServerClosesMidResponse(t *testing.T) {
	c := dial(t, serve(t, 3, func(p *peer) {
		p.readScores()
		p.Write([]byte{2, 0, 0, 0, 1, 2, 3})
	}), small)
	defer c.Close()
	err := c.Score(t.Context(), make([]float32, 2), make([]float32, 6))
	var lost *ConnectionLost
	if !errors.As(err, &lost) || !lost.Written {
		t.Errorf("got %v", err)
	}
	err = c.Score(t.Context(), make([]float32, 1), make([]float32, 3))
	if !errors.As(err, &lost) || lost.Written {
		t.Errorf("afterwards got %v", err)
	}
}

// TestLostWhileQueued loses the connection under a call that waits for the
// window and one that has sent only its first part.
func TestLostWhileQueued(t *testing.T) {
	queued := make(chan struct{})
	c := dial(t, serve(t, 3, func(p *peer) {
		p.readScores()
		<-queued
	}), Config{Dim: 3, MaxVectors: 4, Window: 1})
	defer c.Close()
	results := make(chan error)
	score := func(vectors int) {
		results <- c.Score(t.Context(), make([]float32, vectors), make([]float32, 3*vectors))
	}
	go score(8)
	await(t, c, "first part sent", func() bool { return c.taken == 1 })
	go score(1)
	close(queued)
	written := 0
	for range 2 {
		err := <-results
		var lost *ConnectionLost
		if !errors.As(err, &lost) {
			t.Fatalf("got %v", err)
		}
		if lost.Written {
			written++
		}
	}
	if written != 1 {
		t.Errorf("%d of 2 say that they were written, want the first alone", written)
	}
}

func TestProtocolErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(*peer)
		want ProtocolError
	}{
		{"fewer", func(p *peer) { p.writeScores(make([]float32, 1)) }, ProtocolError{1, 2}},
		{"more", func(p *peer) { p.writeScores(make([]float32, 3)) }, ProtocolError{3, 2}},
		{"more, header alone", func(p *peer) { p.writeCount(3, nil) }, ProtocolError{3, 2}},
		{"none", func(p *peer) { p.writeCount(0, nil) }, ProtocolError{0, 2}},
		{"above max_vectors", func(p *peer) { p.writeCount(70_000, nil) }, ProtocolError{70_000, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, serve(t, 3, func(p *peer) {
				p.readScores()
				c.send(p)
				swallow(p)
			}), small)
			defer client.Close()
			err := client.Score(t.Context(), make([]float32, 2), make([]float32, 6))
			var got *ProtocolError
			if !errors.As(err, &got) || *got != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
}

func TestResponseWithoutRequest(t *testing.T) {
	c := dial(t, serve(t, 3, func(p *peer) {
		p.writeScores([]float32{1})
		swallow(p)
	}), small)
	defer c.Close()
	await(t, c, "connection given up", func() bool { return c.err != nil })
	err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3))
	var got *ProtocolError
	if !errors.As(err, &got) || got.Want != 0 {
		t.Errorf("got %v", err)
	}
}

func TestCloseDrains(t *testing.T) {
	closing := make(chan struct{})
	c := dial(t, serve(t, 3, func(p *peer) {
		<-closing
		answerAll(p)
	}), small)
	var callers sync.WaitGroup
	for g := range 10 {
		callers.Go(func() {
			rows, want := rowsFrom(g, 6, 3)
			got := make([]float32, 6)
			if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
	}
	await(t, c, "all in flight", func() bool { return c.admitted == 20 })
	go func() {
		await(t, c, "closing", func() bool { return c.closing })
		if err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3)); !errors.Is(err, ErrClosed) {
			t.Errorf("while closing got %v", err)
		}
		close(closing)
	}()
	c.Close()
	callers.Wait()
	if err := c.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3)); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards got %v", err)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, loop := range []string{"(*Client).send", "(*Client).receive"} {
		if strings.Contains(string(stacks), loop) {
			t.Errorf("%s still runs", loop)
		}
	}
}

// gatedConn lets a write begin only when its test says so.
type gatedConn struct {
	net.Conn
	gate   chan struct{}
	writes []int
}

func (g *gatedConn) Write(b []byte) (int, error) {
	<-g.gate
	g.writes = append(g.writes, len(b))
	return g.Conn.Write(b)
}

func TestOneWriteForWhatGathered(t *testing.T) {
	conn, err := net.Dial("tcp", serve(t, 3, answerAll))
	if err != nil {
		t.Fatal(err)
	}
	gated := &gatedConn{Conn: conn, gate: make(chan struct{})}
	cfg := small
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	c := start(gated, cfg)
	var callers sync.WaitGroup
	score := func() {
		if err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3)); err != nil {
			t.Error(err)
		}
	}
	callers.Go(score)
	await(t, c, "one taken", func() bool { return c.taken == 1 })
	for range 99 {
		callers.Go(score)
	}
	await(t, c, "all admitted", func() bool { return c.admitted == 100 })
	close(gated.gate)
	callers.Wait()
	c.Close()
	if !slices.Equal(gated.writes, []int{16, 99 * 16}) {
		t.Errorf("writes of %v bytes, want 16 and then all of the rest", gated.writes)
	}
}

func TestDialErrors(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{Window: -1}, "window is -1"},
		{Config{Window: maxWindow + 1}, "window is 1048577"},
		{Config{Dim: -1}, "dim is -1"},
		{Config{MaxVectors: -2}, "max_vectors is -2"},
	} {
		if _, err := Dial(t.Context(), "127.0.0.1:1", c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.says)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	_, err = Dial(t.Context(), listener.Addr().String(), Config{})
	var netErr *net.OpError
	if !errors.As(err, &netErr) || !strings.HasPrefix(err.Error(), "client: dial") {
		t.Errorf("got %v", err)
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&DimError{Rows: 5, Scores: 2, Dim: 3}, "client: 5 features given for 2 scores; 6 of dim 3 are needed"},
		{&ConnectionLost{Written: true, Err: fmt.Errorf("x")}, "client: connection lost while waiting for the answer: x"},
		{&ConnectionLost{Err: fmt.Errorf("x")}, "client: connection lost before the request was written: x"},
		{&ProtocolError{Got: 3}, "client: response of 3 scores without a request"},
		{&ProtocolError{Got: 3, Want: 2}, "client: response of 3 scores to a request of 2 vectors"},
	} {
		if c.err.Error() != c.want {
			t.Errorf("got %q, want %q", c.err, c.want)
		}
	}
}
