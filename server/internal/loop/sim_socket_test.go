//go:build linux

package loop

import (
	"bytes"
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio/simio"
)

// socket is a connection of a peer, and what the thread has heard and owes of it.
type socket struct {
	simio.Socket
	w    *world
	peer *peer

	answered   int // requests whose answers are taken
	acceptTurn int // when the thread heard of it
	finTick    int // when the thread sent FIN; -1: not yet

	seen    int  // of the peer's stream: told to the thread
	begun   int  // tick in which it was told of the unfinished request's first byte
	stirred int  // tick in which it was last told something, or something was taken
	late    bool // it was overdue at a tick: the thread need not hear more from then on
	due     int  // bytes of answers due at the first such tick
	expired bool // the thread sent FIN for that
}

// Name implements [simio.Peer].
func (s *socket) Name() int { return s.peer.id }

// Addr implements [simio.Peer].
func (s *socket) Addr() netip.Addr { return s.peer.addr }

// Accepted implements [simio.Peer].
func (s *socket) Accepted() {
	s.acceptTurn, s.stirred = s.w.kernel.Turns, s.w.now()
}

// Served implements [simio.Peer].
func (s *socket) Served() {
	if !s.peer.allowed() {
		s.w.Fail("peer %d is served, at %s", s.peer.id, s.peer.addr)
	}
}

// Unserved implements [simio.Peer]: the connection is denied, or refused for being one
// too many.
func (s *socket) Unserved() {
	w := s.w
	switch {
	case !s.peer.allowed():
		w.denied++
	case !w.operator.aborted:
		w.refused++
		if all := w.kernel.Connections() + w.elsewhere; all <= w.limits.Conns {
			w.Fail("connection refused, of %d where %d are allowed", all, w.limits.Conns)
		}
	}
}

// Told implements [simio.Peer].
func (s *socket) Told() {
	now := s.w.now()
	if s.seen == s.Received {
		return
	}
	if !s.unfinished() || s.peer.whole(s.seen) != s.peer.whole(s.Received) {
		s.begun = now
	}
	s.seen, s.stirred = s.Received, now
}

// unfinished: what the thread was told of ends within a request.
func (s *socket) unfinished() bool {
	whole := s.peer.whole(s.seen)
	return s.seen > 0 && (whole == 0 || s.peer.ends[whole-1] < s.seen)
}

// overdue: the peer has kept the thread waiting for longer than it need wait.
func (s *socket) overdue() bool {
	l, now := s.w.limits, s.w.now()
	if s.unfinished() {
		return l.RequestTicks > 0 && now-s.begun > int(l.RequestTicks)
	}
	return l.IdleTicks > 0 && now-s.stirred > int(l.IdleTicks) && s.Taken == s.peer.owed(s.seen)
}

// Finished implements [simio.Peer]: there must be a reason for FIN.
func (s *socket) Finished() {
	w, p := s.w, s.peer
	s.finTick = w.now()
	if w.operator.stopped || s.Dead || s.Received >= p.last || s.FinIn && s.Received == s.Arrived {
		return
	}
	if s.expired = s.late; !s.expired {
		w.Fail("FIN to peer %d for no reason", p.id)
	}
	if s.Taken < s.due {
		w.Fail("FIN to peer %d before its answers", p.id)
	}
}

// arrivedBytes is 0 of a connection that is not made yet.
func (s *socket) arrivedBytes() int {
	if s == nil {
		return 0
	}
	return s.Arrived
}

// Owed implements [simio.Peer].
func (s *socket) Owed(data []byte) {
	owed := s.peer.owed(s.Received)
	switch {
	case s.Taken+len(data) > owed:
		s.w.Fail("sent %d bytes to peer %d, which is owed %d more", len(data), s.peer.id, owed-s.Taken)
	case !bytes.Equal(data, s.peer.answers[s.Taken:s.Taken+len(data)]):
		s.w.Fail("wrong answer to peer %d: bytes %d to %d are % .64x, want % .64x", s.peer.id,
			s.Taken, s.Taken+len(data), data, s.peer.answers[s.Taken:s.Taken+len(data)])
	}
}

// Took implements [simio.Peer].
func (s *socket) Took() {
	s.stirred = s.w.now()
	s.checkPromptness()
}

// owed names what the thread still has to do for the peer, if anything, when
// nothing moves any more.
func (s *socket) owed(draining bool) string {
	full := s.Taken-s.Read >= s.Space
	switch {
	case s.Closed:
		return ""
	case s.Dead:
		return "the end of a dead connection"
	case full && !s.FinOut:
		return ""
	case s.Arrived >= s.peer.fatal:
		return "the end for a request larger than the pool"
	case s.Taken < s.peer.owed(s.Arrived) && !draining:
		return "answers"
	case s.FinIn && !s.FinOut, s.Arrived >= s.peer.last && !s.FinOut:
		return "FIN"
	case !s.FinOut && s.overdue():
		return "the end, for keeping the thread waiting"
	case draining:
		return "the end, in a drain"
	}
	return ""
}
