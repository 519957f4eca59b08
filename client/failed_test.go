package client

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/disrust/disrust/wire"
)

// start starts a call for the rows of rowsFrom. check waits for it and checks its scores.
func start(c *Client, first, vectors int) (check func(t *testing.T)) {
	rows, want := rowsFrom(first, vectors, c.format.Dim)
	call := &Call{Dst: make([]float32, vectors), Rows: rows}
	c.Start(call)
	return func(t *testing.T) {
		t.Helper()
		if err := call.Wait(t.Context()); err != nil || !slices.Equal(call.Dst, want) {
			t.Errorf("scores %v, %v; want %v", call.Dst, err, want)
		}
	}
}

// TestFailedRequest: the server fails one request of a call. The call fails and says which
// of its rows is at fault. Other calls, and the connection, go on.
func TestFailedRequest(t *testing.T) {
	const unknown = 0xFFFF_FFFF
	for _, c := range []struct {
		name         string
		code, detail uint32
		row          int
	}{
		{"error", wire.ModelError, 1, 5},
		{"panic", wire.ModelPanic, 0, 4},
		{"no row fails alone", wire.ModelError, unknown, -1},
		{"a row that the request does not have", wire.ModelPanic, 4, -1},
		{"unknown code", 99, 1, -1},
		{"largest code", 0x3FFF_FFFF, 1, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var connections atomic.Int32
			addr := serve(t, 3, func(p *peer) {
				connections.Add(1)
				for {
					scores, ok := p.readScores()
					switch {
					case !ok:
						return
					case scores[0] == 104: // the second request of the call
						p.fail(c.code, c.detail)
					default:
						p.writeScores(scores)
					}
				}
			})
			client := dial(t, Config{MaxVectors: 4, Retry: 10}, addr)
			before := start(client, 1, 10)
			rows, _ := rowsFrom(100, 10, 3)
			fails := &Call{Dst: make([]float32, 10), Rows: rows}
			client.Start(fails)
			after := start(client, 200, 10)
			err := fails.Wait(t.Context())
			failed, ok := errors.AsType[*ModelFailed](err)
			if want := (ModelFailed{Addr: addr, Code: c.code, Row: c.row}); !ok || *failed != want {
				t.Errorf("got %v, want %v", err, &want)
			}
			before(t)
			after(t)
			if err := scoreOnce(t.Context(), client, 300, 10); err != nil {
				t.Error(err)
			}
			if connections.Load() != 1 {
				t.Errorf("%d connections", connections.Load())
			}
		})
	}
}

// TestFailuresBetweenAnswers: many callers get their own failures and scores, one byte at a
// time.
func TestFailuresBetweenAnswers(t *testing.T) {
	c := dial(t, Config{MaxVectors: 4}, serve(t, 3, func(p *peer) {
		for scores, ok := p.readScores(); ok; scores, ok = p.readScores() {
			reply := encoded(scores)
			if int(scores[0])%2 == 1 {
				reply = []byte{1, 0, 0, 0x80, 0, 0, 0, 0}
			}
			for _, b := range reply {
				p.Write([]byte{b})
			}
		}
	}))
	var callers sync.WaitGroup
	for g := range 8 {
		callers.Go(func() {
			for k := range 10 {
				err := scoreOnce(t.Context(), c, 100*k+g, 3)
				failed, ok := errors.AsType[*ModelFailed](err)
				if g%2 == 0 && err != nil || g%2 == 1 && (!ok || failed.Row != 0) {
					t.Errorf("caller %d, call %d: %v", g, k, err)
				}
			}
		})
	}
	callers.Wait()
}

// TestViolations: what the server sends breaks the protocol. The call fails with the reason,
// and the Client connects again.
func TestViolations(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(*peer)
		want ProtocolError
	}{
		{"count not allowed", func(p *peer) { p.fail(3, 2) }, ProtocolError{Reply: "the server allows no request of 2 vectors"}},
		{"odd notice", func(p *peer) { p.writeWords(0xC000_0009, 6) }, ProtocolError{Reply: "notice of type 9 with a size that is not allowed"}},
		{"large notice", func(p *peer) { p.writeWords(0xC000_0009, 65_536) }, ProtocolError{Reply: "notice of type 9 with a size that is not allowed"}},
		{"short identity", func(p *peer) { p.writeWords(0xC000_0002, 4, 1) }, ProtocolError{Reply: "notice of type 2 with a size that is not allowed"}},
		{"long identity", func(p *peer) { p.writeWords(append([]uint32{0xC000_0002, 36}, make([]uint32, 9)...)...) }, ProtocolError{Reply: "notice of type 2 with a size that is not allowed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var connections atomic.Int32
			client := dial(t, Config{MaxVectors: 4, Window: 1}, serve(t, 3, func(p *peer) {
				if connections.Add(1) == 1 {
					p.readScores()
					c.send(p)
					swallow(p)
				}
				answerAll(p)
			}))
			err := scoreOnce(t.Context(), client, 0, 2)
			if got, ok := errors.AsType[*ProtocolError](err); !ok || *got != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
			if err := scoreOnce(t.Context(), client, 1, 2); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDeniedIsNotRepeated: a server does not allow the count of a request. The Client does not
// send it again, whatever Config.Retry is. It sends the request behind it again.
func TestDeniedIsNotRepeated(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, Config{Retry: 3}, serve(t, 3, func(p *peer) {
		if connections.Add(1) > 1 {
			answerAll(p)
			return
		}
		p.readScores()
		p.readScores()
		p.fail(wire.CountDenied, 2)
		swallow(p)
	}))
	rows, _ := rowsFrom(0, 2, 3)
	denied := &Call{Dst: make([]float32, 2), Rows: rows}
	c.Start(denied)
	behind := start(c, 10, 3)
	if err := denied.Wait(t.Context()); !errors.As(err, new(*ProtocolError)) {
		t.Errorf("got %v, want a *ProtocolError", err)
	}
	behind(t)
}

// TestFailureWithoutRequest: a server fails a request that the Client has not sent.
func TestFailureWithoutRequest(t *testing.T) {
	c := newClient(completed(t, small))
	c.cfg.Version = 2
	idle := newLink(c.slots[0], nil, wire.Welcome{Format: c.format})
	for k := range 8 {
		if used, err := idle.deliver([]byte{1, 0, 0, 0x80, 0, 0, 0}[:k]); used != 0 || err != nil {
			t.Errorf("%d bytes: used %d, %v", k, used, err)
		}
	}
	_, err := idle.deliver([]byte{1, 0, 0, 0x80, 0, 0, 0, 0})
	if got, ok := errors.AsType[*ProtocolError](err); !ok || *got != (ProtocolError{Reply: "failure without a request"}) {
		t.Errorf("got %v", err)
	}
}

// TestUnknownNoticesAreSkipped: notices of unknown types, also the largest, stand before, within
// and after the answers.
func TestUnknownNoticesAreSkipped(t *testing.T) {
	c := dial(t, Config{Dim: 3}, serve(t, 3, func(p *peer) {
		notice := func(size uint32) {
			p.writeWords(0xC000_0000+size, size)
			p.Write(make([]byte, size))
		}
		for _, size := range []uint32{0, 4, 65_532, 65_532} {
			notice(size)
		}
		for scores, ok := p.readScores(); ok; scores, ok = p.readScores() {
			p.writeScores(scores)
			notice(65_528)
			notice(0)
		}
	}))
	for k := range 10 {
		if err := scoreOnce(t.Context(), c, k, 200); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnotherModel: a notice says that the next answer is of another model. The Client
// says so when that answer has come, and forgets nothing else.
func TestAnotherModel(t *testing.T) {
	c := dial(t, Config{}, serveBare(t, 2, func(p *peer) {
		p.readHello()
		p.writeWelcome(seven)
		for k := uint32(1); ; k++ {
			scores, ok := p.readScores()
			if !ok {
				return
			}
			p.writeWords(0xC000_0002, 32, k, 0, 0, 0, 0, 0, 0, k)
			p.writeCount(len(scores), make([]float32, 3*len(scores)))
		}
	}))
	want := c.Servers()[0]
	for k := range 3 {
		if err := c.Score(t.Context(), make([]float32, 3), make([]float32, 2)); err != nil {
			t.Fatal(err)
		}
		want.Identity = wire.Identity{byte(k + 1), 28: byte(k + 1)}
		if got := c.Servers(); len(got) != 1 || got[0] != want {
			t.Errorf("after %d changes: %+v, want %+v", k+1, got, want)
		}
	}
}

// TestFailureOfAnAbandonedCall: the failure of a request whose call has given up concerns
// nobody.
func TestFailureOfAnAbandonedCall(t *testing.T) {
	abandoned := make(chan struct{})
	c := dial(t, Config{}, serve(t, 3, func(p *peer) {
		p.readScores()
		<-abandoned
		p.fail(1, 0)
		answerAll(p)
	}))
	call := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}
	c.Start(call)
	await(t, "written", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	if err := call.Wait(endedContext(t)); !errors.As(err, new(*GaveUp)) {
		t.Errorf("got %v", err)
	}
	close(abandoned)
	for k := range 3 {
		if err := scoreOnce(t.Context(), c, k, 5); err != nil {
			t.Error(err)
		}
	}
}
