package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
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
