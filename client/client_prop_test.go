package client

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// choppyConn returns pieces of the drawn sizes from Read, in a cycle. It closes itself at
// the cut-th read; 0 means never.
type choppyConn struct {
	net.Conn
	pieces []int
	cut    int
	reads  int
}

func (c *choppyConn) Read(b []byte) (int, error) {
	if c.reads++; c.reads == c.cut {
		c.Close()
	}
	return c.Conn.Read(b[:min(len(b), c.pieces[c.reads%len(c.pieces)])])
}

// world is one case of the property: the client's settings, how its connections behave in
// the order in which they are made, and the calls of each caller.
type world struct {
	cfg     Config
	addrs   int
	pieces  []int
	cuts    []int
	callers [][]ask
}

type ask struct {
	vectors int
	givesUp int // after so many microseconds; 0 means never
}

var worlds = rapid.Custom(func(rt *rapid.T) world {
	asks := rapid.Custom(func(rt *rapid.T) ask {
		return ask{
			vectors: rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(700, 3000)).Draw(rt, "vectors"),
			givesUp: rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 500)).Draw(rt, "gives_up"),
		}
	})
	return world{
		cfg: Config{
			Dim:        3,
			MaxVectors: rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(600, 2000)).Draw(rt, "max_vectors"),
			Window:     rapid.IntRange(1, 6).Draw(rt, "window"),
			Conns:      rapid.IntRange(1, 3).Draw(rt, "conns"),
			Retry:      rapid.IntRange(0, 3).Draw(rt, "retry"),
			Timeout:    time.Duration(rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 500)).Draw(rt, "timeout")) * time.Microsecond,
		},
		addrs:   rapid.IntRange(1, 2).Draw(rt, "addresses"),
		pieces:  rapid.SliceOfN(rapid.IntRange(1, 400), 1, 20).Draw(rt, "pieces"),
		cuts:    rapid.SliceOfN(rapid.IntRange(0, 6), 0, 12).Draw(rt, "cuts"),
		callers: rapid.SliceOfN(rapid.SliceOfN(asks, 1, 5), 1, 6).Draw(rt, "callers"),
	}
})

// dial makes connections that are choppy and close themselves as drawn.
func (w *world) dial(connections *atomic.Int32) func(context.Context, string) (net.Conn, error) {
	return func(_ context.Context, addr string) (net.Conn, error) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		choppy := &choppyConn{Conn: conn, pieces: w.pieces}
		if k := int(connections.Add(1)) - 1; k < len(w.cuts) {
			choppy.cut = w.cuts[k]
		}
		return choppy, nil
	}
}

// expected reports whether a call of w may end in err.
func (w *world) expected(err error, givesUp int) bool {
	var lost *ConnectionLost
	var unavailable *Unavailable
	return err == nil ||
		(givesUp > 0 || w.cfg.Timeout > 0) && errors.Is(err, context.DeadlineExceeded) ||
		len(w.cuts) > 0 && (errors.As(err, &lost) || errors.As(err, &unavailable))
}

// TestAnyMix: callers score drawn sizes and give up at drawn times, with drawn windows and
// numbers of connections, while responses arrive in drawn pieces and connections are lost.
// Every score must be right, and every error a documented one.
func TestAnyMix(t *testing.T) {
	addr := serve(t, 3, answerAll)
	before := runtime.NumGoroutine()
	rapid.Check(t, func(rt *rapid.T) {
		w := worlds.Draw(rt, "world")
		var connections atomic.Int32
		for range w.addrs {
			w.cfg.Addrs = append(w.cfg.Addrs, addr)
		}
		w.cfg.dial = w.dial(&connections)
		c, err := Dial(t.Context(), w.cfg)
		for ; err != nil; c, err = Dial(t.Context(), w.cfg) { // connections were cut before their welcome
			if !w.expected(err, 0) {
				rt.Fatal(err)
			}
		}
		defer await(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
		defer c.Close()
		var done sync.WaitGroup
		for g, asks := range w.callers {
			done.Go(func() {
				for k, a := range asks {
					if err := w.ask(c, a, 5000*g+500*k); !w.expected(err, a.givesUp) {
						rt.Errorf("caller %d, call %d: %v", g, k, err)
						return
					}
				}
			})
		}
		done.Wait()
		if len(w.cuts) == 0 {
			checkAtRest(rt, c)
		}
	})
}

func (w *world) ask(c *Client, a ask, first int) error {
	ctx := context.Background()
	if a.givesUp > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(a.givesUp)*time.Microsecond)
		defer cancel()
	}
	return scoreOnce(ctx, c, first, a.vectors)
}

// checkAtRest waits for the late answers of abandoned calls. Then no request may be left on
// any connection.
func checkAtRest(rt *rapid.T, c *Client) {
	for _, s := range c.slots {
		l := s.link.Load()
		for l != nil && s.load.Load() != 0 {
			runtime.Gosched()
		}
		if l == nil {
			continue
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.answered != l.admitted || l.vectors != 0 {
			rt.Errorf("at rest: admitted %d, answered %d, %d vectors", l.admitted, l.answered, l.vectors)
		}
	}
}

// TestFifo compares a fifo with a slice.
func TestFifo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var q fifo
		var model []request
		next := func() (r request) {
			r.at = rapid.IntRange(0, 1000).Draw(rt, "request")
			return r
		}
		rt.Repeat(map[string]func(*rapid.T){
			"push": func(*rapid.T) {
				r := next()
				q.push(r)
				model = append(model, r)
			},
			"pushFront": func(*rapid.T) {
				a, b := next(), next()
				q.pushFront([]request{a, b})
				model = append([]request{a, b}, model...)
			},
			"pop": func(rt *rapid.T) {
				if len(model) == 0 {
					return
				}
				if *q.front() != model[0] {
					rt.Fatalf("front is %v, want %v", *q.front(), model[0])
				}
				q.pop()
				model = model[1:]
			},
			"": func(rt *rapid.T) {
				if q.len() != len(model) {
					rt.Fatalf("len is %d, want %d", q.len(), len(model))
				}
			},
		})
	})
}
