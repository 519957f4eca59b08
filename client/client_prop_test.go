package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
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

func (c *choppyConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// world is one case of the property: the client's settings, how its connections behave in
// the order in which they are made, and the calls of each caller.
type world struct {
	cfg     Config
	addrs   int
	pieces  []int
	cuts    []int
	servers []conduct
	bad     int // the model fails on rows whose sum is a multiple; 0 means on none
	callers [][]ask

	served atomic.Int32 // connections that the servers have accepted
}

// conduct is what a server does on one connection.
type conduct struct {
	ends    bool // it ends the connection in order
	after   int  // so many requests
	notice  bool // it says so with a notice, and answers some more
	answers int  // so many
	chatter int  // a notice that must be skipped precedes every so many-th answer; 0 means none
}

type ask struct {
	vectors int
	givesUp int // after so many microseconds; 0 means never
}

var worlds = rapid.Custom(func(rt *rapid.T) *world {
	conducts := rapid.Custom(func(rt *rapid.T) conduct {
		return conduct{
			ends:    rapid.Bool().Draw(rt, "ends"),
			after:   rapid.IntRange(0, 5).Draw(rt, "after"),
			notice:  rapid.Bool().Draw(rt, "notice"),
			answers: rapid.IntRange(0, 5).Draw(rt, "answers"),
			chatter: rapid.IntRange(0, 3).Draw(rt, "chatter"),
		}
	})
	asks := rapid.Custom(func(rt *rapid.T) ask {
		return ask{
			vectors: rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(700, 3000)).Draw(rt, "vectors"),
			givesUp: rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 500)).Draw(rt, "gives_up"),
		}
	})
	addrs := rapid.IntRange(1, 2).Draw(rt, "addresses")
	return &world{
		cfg: Config{
			Version:    rapid.IntRange(1, 2).Draw(rt, "version"),
			Dim:        3,
			MaxVectors: rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(600, 2000)).Draw(rt, "max_vectors"),
			Window:     rapid.IntRange(1, 6).Draw(rt, "window"),
			Conns:      rapid.IntRange(1, 3).Draw(rt, "conns"),
			Retry:      rapid.IntRange(0, 3).Draw(rt, "retry"),
			Timeout:    time.Duration(rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 500)).Draw(rt, "timeout")) * time.Microsecond,
		},
		addrs:   addrs,
		pieces:  rapid.SliceOfN(rapid.IntRange(1, 400), 1, 20).Draw(rt, "pieces"),
		cuts:    rapid.SliceOfN(rapid.IntRange(0, 6), 0, 12).Draw(rt, "cuts"),
		servers: rapid.SliceOfN(conducts, 0, addrs+1).Draw(rt, "servers"), // no more than a request moves
		bad:     rapid.OneOf(rapid.Just(0), rapid.IntRange(5, 5000)).Draw(rt, "bad"),
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

// script is what w's servers do.
func (w *world) script(p *peer) {
	var does conduct
	if k := int(w.served.Add(1)) - 1; k < len(w.servers) {
		does = w.servers[k]
	}
	if w.cfg.Version > 1 {
		h, ok := p.readHello()
		if !ok {
			return
		}
		p.writeWelcome(welcomeTo(h, p.dim))
	}
	for n := 0; ; n++ {
		if does.ends && n == does.after {
			if !does.notice || w.cfg.Version == 1 {
				p.Conn.(*net.TCPConn).CloseWrite()
				swallow(p)
				return
			}
			p.goAway()
		}
		scores, ok := p.readScores()
		if !ok {
			return
		}
		if does.ends && n >= does.after+does.answers {
			swallow(p)
			return
		}
		if w.cfg.Version > 1 && does.chatter > 0 && n%does.chatter == 0 {
			p.writeWords(0xC000_0007, 4, 1)
		}
		w.reply(p, scores)
	}
}

// reply answers with scores, or fails the request in version 2 if the model does.
func (w *world) reply(p *peer, scores []float32) {
	if at := slices.IndexFunc(scores, w.failsOn); at >= 0 {
		p.fail(1+uint32(at%2), uint32(at))
	} else {
		p.writeScores(scores)
	}
}

// failsOn reports whether the model fails on a row with this sum.
func (w *world) failsOn(sum float32) bool {
	return w.bad > 0 && w.cfg.Version > 1 && int(sum)%w.bad == 0
}

// check returns an error if a call for rows from first on may not end in err.
func (w *world) check(err error, a ask, first int) error {
	fails := false
	for row := range a.vectors {
		fails = fails || w.failsOn(float32(first+row))
	}
	failed, isFailed := errors.AsType[*ModelFailed](err)
	right := false
	switch {
	case err == nil:
		right = !fails
	case isFailed:
		right = failed.Row >= 0 && failed.Row < a.vectors && w.failsOn(float32(first+failed.Row))
	case errors.Is(err, context.DeadlineExceeded):
		right = a.givesUp > 0 || w.cfg.Timeout > 0
	default:
		right = w.maySee(err)
	}
	if right {
		return nil
	}
	return fmt.Errorf("rows %d to %d: %w", first, first+a.vectors-1, cmp.Or(err, errors.New("a row fails, but the call did not")))
}

// maySee reports whether w's connections end in such a way that a caller may see err.
func (w *world) maySee(err error) bool {
	lossy := len(w.cuts) > 0 || w.cfg.Version == 1 && len(w.servers) > 0
	return lossy && (errors.As(err, new(*ConnectionLost)) || errors.As(err, new(*Unavailable)))
}

// TestAnyMix: callers score drawn sizes and give up at drawn times, with drawn windows and
// numbers of connections, while responses arrive in drawn pieces, requests fail, servers go
// away, and connections end and are lost. Every score must be right, and every error a
// documented one. In version 2 no caller sees that a server went away or closed a
// connection.
func TestAnyMix(t *testing.T) {
	before := runtime.NumGoroutine()
	rapid.Check(t, func(rt *rapid.T) {
		w := worlds.Draw(rt, "world")
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			rt.Fatal(err)
		}
		defer await(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
		defer runScripts(listener, 3, w.script)()
		var connections atomic.Int32
		for range w.addrs {
			w.cfg.Addrs = append(w.cfg.Addrs, listener.Addr().String())
		}
		w.cfg.dial = w.dial(&connections)
		c, err := Dial(t.Context(), w.cfg)
		for ; err != nil; c, err = Dial(t.Context(), w.cfg) { // connections were cut before their welcome
			if !w.maySee(err) {
				rt.Fatal(err)
			}
		}
		defer c.Close()
		var done sync.WaitGroup
		for g, asks := range w.callers {
			done.Go(func() {
				for k, a := range asks {
					first := 5000*g + 500*k
					if err := w.check(w.ask(c, a, first), a, first); err != nil {
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
		for l != nil && s.link.Load() == l && s.load.Load() != 0 {
			runtime.Gosched()
		}
		if l == nil || s.link.Load() != l {
			continue
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.err == nil && !l.leaving && (l.answered != l.admitted || l.vectors != 0) {
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
