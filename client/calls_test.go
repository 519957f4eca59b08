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

	"github.com/disrust/disrust/wire"
)

var small = Config{Dim: 3, MaxVectors: 4}

func TestManyGoroutines(t *testing.T) {
	addr := serve(t, 3, answerAll)
	for _, conns := range []int{1, 3} {
		c := dial(t, Config{Dim: 3, MaxVectors: 4, Window: 8, Conns: conns}, addr, addr)
		var callers sync.WaitGroup
		for g := range 32 {
			callers.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(g)))
				for k := range 50 {
					if err := scoreOnce(t.Context(), c, 1000*g+10*k, 1+random.IntN(10)); err != nil {
						t.Errorf("goroutine %d, call %d: %v", g, k, err)
						return
					}
				}
			})
		}
		callers.Wait()
	}
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
	c := dial(t, Config{Window: 2}, addr) // fewer than the parts
	if err := scoreOnce(t.Context(), c, 1, 200); err != nil {
		t.Error(err)
	}
	c.Close()
	if !slices.Equal(counts, []int{64, 64, 64, 8}) {
		t.Errorf("sent as %v", counts)
	}
}

// TestPartsGoOverAllConnections: the server answers on neither of two connections until
// each has received a part of the same call.
func TestPartsGoOverAllConnections(t *testing.T) {
	var bothAsked sync.WaitGroup
	bothAsked.Add(2)
	addr := serve(t, 3, func(p *peer) {
		scores, _ := p.readScores()
		bothAsked.Done()
		bothAsked.Wait()
		p.writeScores(scores)
		answerAll(p)
	})
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Conns: 2}, addr)
	if err := scoreOnce(t.Context(), c, 5, 8); err != nil {
		t.Error(err)
	}
}

func TestScoreBytes(t *testing.T) {
	c := dial(t, Config{Dim: 3, MaxVectors: 1000}, serve(t, 3, answerAll))
	for _, vectors := range []int{1, 4, 999, 2001} { // copied and not
		rows, want := rowsFrom(1, vectors, 3)
		unaligned := wire.AppendRequest([]byte{0}, vectors, rows)[1+wire.HeaderBytes:]
		got := make([]float32, vectors)
		if err := c.ScoreBytes(t.Context(), got, unaligned); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d vectors: %v", vectors, err)
		}
	}
}

func TestEmptyCall(t *testing.T) {
	c := dial(t, small, serve(t, 3, swallow))
	if err := c.Score(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

func TestInvalidCallsSendNothing(t *testing.T) {
	c := dial(t, small, serve(t, 3, answerAll))
	err := c.Score(t.Context(), make([]float32, 2), make([]float32, 5))
	var dimErr *DimError
	if !errors.As(err, &dimErr) || *dimErr != (DimError{Bytes: 20, Scores: 2, Dim: 3, Outputs: 1}) {
		t.Errorf("got %v", err)
	}
	if err := c.ScoreBytes(t.Context(), make([]float32, 1), make([]byte, 11)); !errors.As(err, &dimErr) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var gaveUp *GaveUp
	if err := scoreOnce(ctx, c, 1, 1); !errors.Is(err, context.Canceled) || !errors.As(err, &gaveUp) || gaveUp.Written {
		t.Errorf("got %v", err)
	}
	if on(c, func(l *link) uint64 { return l.admitted }) != 0 {
		t.Error("a request was sent")
	}
}

// TestGivingUpKeepsOrder abandons a call that the server has already read. The late answer
// must reach neither the call's dst nor the next call.
func TestGivingUpKeepsOrder(t *testing.T) {
	read, abandoned := make(chan struct{}), make(chan struct{})
	c := dial(t, small, serve(t, 3, func(p *peer) {
		late, _ := p.readScores()
		close(read)
		<-abandoned
		p.writeScores(late)
		answerAll(p)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-read
		cancel()
	}()
	rows, _ := rowsFrom(7, 4, 3)
	left := []float32{-1, -1, -1, -1}
	err := c.Score(ctx, left, rows)
	var gaveUp *GaveUp
	if !errors.Is(err, context.Canceled) || !errors.As(err, &gaveUp) || !gaveUp.Written {
		t.Fatalf("got %v", err)
	}
	close(abandoned)
	if err := scoreOnce(t.Context(), c, 100, 2); err != nil {
		t.Errorf("next call: %v", err)
	}
	if !slices.Equal(left, []float32{-1, -1, -1, -1}) {
		t.Errorf("abandoned dst was written: %v", left)
	}
}

// TestDeadlines: calls end while the window is full, while the write cannot go on, and
// while the answer does not come, by their contexts and by Config.Timeout.
func TestDeadlines(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  int
		timeout time.Duration
		reads   bool
	}{
		{"window full", 1, 0, true},
		{"server reads nothing", 256, 0, false},
		{"server never answers", 256, 0, true},
		{"server never answers, default timeout", 256, 20 * time.Millisecond, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			gone := make(chan struct{})
			addr := serve(t, 128, func(p *peer) {
				if c.reads {
					swallow(p)
				}
				<-gone
			})
			t.Cleanup(func() { close(gone) })
			client := dial(t, Config{Window: c.window, Timeout: c.timeout}, addr)
			ctx := t.Context()
			if c.timeout == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
			}
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
			client.Close() // also with a write in progress
		})
	}
}

// gatedConn blocks writes until the test closes gate, and records their sizes.
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

func TestOneWriteForManyRequests(t *testing.T) {
	gated := &gatedConn{gate: make(chan struct{})}
	cfg := small
	cfg.dial = func(ctx context.Context, addr string) (conn net.Conn, err error) {
		gated.Conn, err = net.Dial("tcp", addr)
		return gated, err
	}
	cfg.Version = 1 // no hello passes the gate
	c := dial(t, cfg, serveBare(t, 3, answerAll))
	var callers sync.WaitGroup
	score := func() {
		if err := scoreOnce(t.Context(), c, 1, 1); err != nil {
			t.Error(err)
		}
	}
	callers.Go(score)
	await(t, "one taken", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	for range 99 {
		callers.Go(score)
	}
	await(t, "all admitted", func() bool { return on(c, func(l *link) bool { return l.admitted == 100 }) })
	close(gated.gate)
	callers.Wait()
	c.Close()
	if !slices.Equal(gated.writes, []int{16, 99 * 16}) {
		t.Errorf("writes of %v bytes, want 16 and then all of the rest", gated.writes)
	}
}

func TestLeastLoaded(t *testing.T) {
	c := newClient(completed(t, Config{Addrs: []string{"a:1", "b:1"}, Conns: 2}))
	if s := c.leastLoaded(); s != nil {
		t.Errorf("chose %v, but no slot is connected", s)
	}
	for k, load := range []int64{7, noRoom, 3, 5} {
		c.slots[k].load.Store(load)
	}
	for range 100 {
		if s := c.leastLoaded(); s != c.slots[2] {
			t.Fatal("did not choose the least loaded")
		}
	}
	c.slots[3].load.Store(3)
	chosen := map[*slot]bool{}
	for range 100 {
		chosen[c.leastLoaded()] = true
	}
	if len(chosen) != 2 || !chosen[c.slots[2]] || !chosen[c.slots[3]] {
		t.Errorf("among equals chose %d slots", len(chosen))
	}
}
