//go:build linux

package netiotest

import (
	"bytes"
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
)

// note checks an event against the model.
func (s *stream) note(e netio.Event) {
	switch {
	case e.Code == netio.Receive && s.receiving:
		s.receiving = false
		s.noteReceive(e)
	case e.Code == netio.Send && s.sending != nil:
		s.blocked, s.sending = s.took(e, s.sending), nil
	case e.Code == netio.SendRest && s.rest != nil:
		s.blocked, s.rest = s.took(e, s.rest), nil
	default:
		s.w.Fatalf("event %+v of an operation that is not in flight", e)
	}
}

func (s *stream) noteReceive(e netio.Event) {
	if e.Buffer != netio.NoBuffer {
		s.w.lent = append(s.w.lent, e.Buffer)
	}
	n := int(e.N)
	switch {
	case e.Outcome == netio.Interrupted:
	case e.Outcome == netio.Starved && len(s.w.lent) == netio.ReceiveBuffers:
	case e.Outcome == netio.Failed && s.dead:
		s.eof = true
	case e.Outcome > netio.DoneMore || s.received+n > s.written:
		s.w.Fatalf("event %+v after %d bytes of %d", e, s.received, s.written)
	case n == 0:
		s.eof = true
		if !s.dead && !s.abandoned && (!s.finished || s.received < s.written) {
			s.w.Fatalf("FIN after %d bytes of %d", s.received, s.written)
		}
	case (e.Buffer == netio.NoBuffer) != s.dropping:
		s.w.Fatalf("event %+v of a receive that drops its input: %t", e, s.dropping)
	case !s.dropping && !bytes.Equal(s.w.rig.backend.Buffer(e.Buffer, n), pattern(s.received, n)):
		s.w.Fatalf("received %d bytes after %d, which are not what was written", n, s.received)
	default:
		s.received += n
	}
}

// took notes how much of a send the socket took, and returns the rest.
func (s *stream) took(e netio.Event, data []byte) []byte {
	switch {
	case e.Outcome == netio.Failed && (s.dead || s.abandoned):
		return nil
	case e.Outcome == netio.Interrupted:
		return data
	case e.Outcome != netio.Done || e.N <= 0 || int(e.N) > len(data):
		s.w.Fatalf("event %+v of a send of %d bytes", e, len(data))
	}
	s.given += int(e.N)
	if int(e.N) == len(data) {
		return nil
	}
	return data[e.N:]
}

// sent ends a send that had no event: the socket took all of it.
func (s *stream) sent() {
	s.given += len(s.sending)
	s.sending = nil
}

// finish makes everything that was sent in either direction arrive, cancels what is in
// flight and closes the connection.
func (s *stream) finish() {
	w := s.w
	for !s.dead && !s.eof && s.received < s.written {
		s.receiveAll()
	}
	w.turn()
	if s.receiving {
		w.ops = append(w.ops, s.conn.cancel(netio.Receive))
	}
	if s.rest != nil {
		s.abandoned = true
		w.ops = append(w.ops, s.conn.cancel(netio.SendRest))
	}
	w.turnUntil("the cancelled operations end", func() bool { return !s.receiving && s.rest == nil })
	if !s.dead {
		w.turnUntil("the peer reads everything", func() bool {
			s.readSome()
			return s.read == s.given
		})
		s.conn.peer.close()
	}
	w.ops = append(w.ops, netio.Op{Code: netio.Close, FD: s.conn.fd})
	w.turn()
	w.streams = slices.DeleteFunc(w.streams, func(o *stream) bool { return o == s })
}

// receiveAll waits for one receive.
func (s *stream) receiveAll() {
	w := s.w
	if len(w.lent) == netio.ReceiveBuffers {
		w.recycle()
	}
	if !s.receiving {
		s.receiving, s.dropping = true, false
		w.ops = append(w.ops, s.conn.receive())
	}
	w.turnUntil("the receive ends", func() bool { return !s.receiving })
}
