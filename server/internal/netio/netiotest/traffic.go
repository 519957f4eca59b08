//go:build linux

package netiotest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"pgregory.net/rapid"
)

// traffic runs random operations on random connections and compares them with a model. Each
// byte arrives once and in order. Each operation has one event, or none if it is a Send of
// which the socket took everything. All schedules share a backend, so each schedule must
// leave the backend as it found it.
func traffic(t *testing.T, r *rig) {
	rapid.Check(t, func(t *rapid.T) {
		r.TB = t
		w := &world{T: t, rig: r, listener: r.listen()}
		t.Repeat(map[string]func(*rapid.T){
			"connect": func(t *rapid.T) { w.connect() },
			"write":   w.on(func(c *stream) { c.write(rapid.IntRange(1, 200_000).Draw(t, "bytes")) }),
			"read":    w.on((*stream).readSome),
			"FIN":     w.on((*stream).fin),
			"reset":   w.on((*stream).reset),
			"receive": w.on((*stream).receive),
			"send":    w.on(func(c *stream) { c.send(rapid.IntRange(1, 500_000).Draw(t, "bytes")) }),
			"rest":    w.on((*stream).sendRest),
			"cancel":  w.on((*stream).cancelReceive),
			"close":   w.on((*stream).finish),
			"recycle": func(t *rapid.T) { w.recycle() },
			"pending": func(t *rapid.T) { r.backend.Pending() },
			"turn":    func(t *rapid.T) { w.turn() },
			"":        func(t *rapid.T) {},
		})
		w.end()
	})
}

// world is the model: what each connection has sent and must receive.
type world struct {
	*rapid.T
	rig      *rig
	listener listener
	streams  []*stream
	ops      []netio.Op // for the next turn
	lent     []int16    // receive buffers not yet recycled
}

// on returns an action on a random connection.
func (w *world) on(action func(*stream)) func(*rapid.T) {
	return func(t *rapid.T) {
		if len(w.streams) == 0 {
			t.Skip("no connection")
		}
		action(rapid.SampledFrom(w.streams).Draw(t, "connection"))
	}
}

func (w *world) connect() {
	if len(w.streams) == 8 {
		w.Skip("enough connections")
	}
	w.streams = append(w.streams, &stream{w: w, conn: w.rig.pairAt(w.listener)})
}

func (w *world) recycle() {
	if len(w.lent) == 0 {
		w.Skip("no buffer")
	}
	i := rapid.IntRange(0, len(w.lent)-1).Draw(w.T, "buffer")
	w.rig.backend.Recycle(w.lent[i])
	w.lent = slices.Delete(w.lent, i, i+1)
}

// turn submits the prepared operations and checks the events against the model.
func (w *world) turn() {
	w.rig.turn(w.ops...)
	w.ops = w.ops[:0]
	w.note()
}

func (w *world) note() {
	events := slices.Clone(w.rig.events)
	w.rig.events = w.rig.events[:0]
	for _, e := range events {
		i := slices.IndexFunc(w.streams, func(s *stream) bool { return s.conn.key == e.Key })
		if i < 0 {
			w.Fatalf("event %+v of a connection that is closed", e)
		}
		w.streams[i].note(e)
	}
	for _, s := range w.streams {
		s.sent() // the turn's send has no event, or note has handled it
	}
}

// turnUntil runs turns until a condition holds, and checks their events.
func (w *world) turnUntil(what string, condition func() bool) {
	w.turn()
	w.rig.until(what, func() bool {
		w.note()
		w.turn()
		return condition()
	})
}

// end finishes every stream and returns the buffers. No event may be left.
func (w *world) end() {
	for len(w.streams) > 0 {
		w.streams[0].finish()
	}
	for len(w.lent) > 0 {
		w.rig.backend.Recycle(w.lent[0])
		w.lent = w.lent[1:]
	}
	w.rig.backend.CloseNow(w.listener.fd)
	w.rig.expectNone()
}

// stream is the model of one connection.
type stream struct {
	w    *world
	conn *conn

	written  int  // bytes that the peer has written
	received int  // bytes that the backend has received
	finished bool // the peer has sent FIN
	eof      bool // the backend has received the FIN

	given int // bytes that the socket has taken
	read  int // bytes that the peer has read

	sending   []byte // a Send of this turn
	rest      []byte // a SendRest in flight
	blocked   []byte // the rest of a Send of which the socket took a part
	receiving bool
	dropping  bool
	dead      bool // the peer has reset the connection
	abandoned bool // a SendRest was cancelled
}

// String returns how rapid shows a connection.
func (s *stream) String() string { return fmt.Sprintf("connection %d", s.conn.key) }

func (s *stream) write(n int) {
	if s.finished || s.dead {
		s.w.Skip("the peer writes no more")
	}
	s.written += s.conn.peer.write(pattern(s.written, n))
}

func (s *stream) readSome() {
	if s.dead {
		s.w.Skip("the peer is gone")
	}
	data, _ := s.conn.peer.read()
	if s.read+len(data) > s.given+len(s.sending)+len(s.rest) || !bytes.Equal(data, pattern(s.read, len(data))) {
		s.w.Fatalf("the peer reads %d bytes after %d, which are not what was sent", len(data), s.read)
	}
	s.read += len(data)
}

func (s *stream) fin() {
	if s.dead || s.finished {
		s.w.Skip("the peer has ended")
	}
	s.finished = true
	s.conn.peer.fin()
}

func (s *stream) reset() {
	if s.dead {
		s.w.Skip("the peer is gone")
	}
	s.dead = true
	s.conn.peer.reset()
}

func (s *stream) receive() {
	if s.receiving || s.eof {
		s.w.Skip("nothing to receive")
	}
	s.receiving = true
	op := s.conn.receive()
	op.Ready = rapid.Bool().Draw(s.w.T, "ready")
	op.Drop = rapid.IntRange(0, 9).Draw(s.w.T, "drop") == 0
	s.dropping = op.Drop
	s.w.ops = append(s.w.ops, op)
}

// send prepares a Send. The next turn must follow before anything else is sent.
func (s *stream) send(n int) {
	if s.sending != nil || s.rest != nil || s.blocked != nil {
		s.w.Skip("a send is in flight")
	}
	s.sending = pattern(s.given, n)
	s.w.ops = append(s.w.ops, s.conn.send(netio.Send, s.sending))
}

func (s *stream) sendRest() {
	if s.blocked == nil {
		s.w.Skip("no send was cut short")
	}
	s.rest, s.blocked = s.blocked, nil
	s.w.ops = append(s.w.ops, s.conn.send(netio.SendRest, s.rest))
}

func (s *stream) cancelReceive() { s.w.ops = append(s.w.ops, s.conn.cancel(netio.Receive)) }
