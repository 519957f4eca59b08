//go:build linux

package loop

import (
	"bytes"
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/slab"
)

// socket is a peer's connection, what the thread has learned about it, and what the thread
// still owes it.
type socket struct {
	simio.Socket
	w    *world
	peer *peer

	found int    // bytes of answers in which findNotices has looked
	model uint32 // that gave the last answer in them

	answered   int // requests whose answers the kernel has taken
	acceptTurn int // the turn in which the thread learned of the connection
	finTick    int // the tick in which the thread sent FIN; -1: not yet

	receivedBefore int // what the kernel had received by then

	seen          int  // bytes of the peer's stream that receives have delivered to the thread
	requestBegan  int  // the tick in which the first byte of the unfinished request was delivered
	lastActive    int  // the tick of the last delivery, or of the last bytes taken from the thread
	late          bool // the peer was overdue at a tick: from then on the thread may end its input
	due           int  // bytes of its stream that had been delivered at the first such tick
	expired       bool // the thread sent FIN because it was late
	atDrain       int  // bytes of its stream that the thread reads, if it speaks version 1 in a drain
	born          int  // the tick in which the thread learned of the connection
	reached       bool // the thread has dismissed it
	reachedTick   int  // the tick in which it did so
	aged          bool // and did so because of its age, before a drain began
	outstays      bool // it is late because it has ignored the notice for too long
	arrivedBefore int  // bytes of its stream that had arrived before the thread dismissed it
	endedBefore   bool // the thread may have ended its input before it would have dismissed it
}

// Name implements [simio.Peer].
func (s *socket) Name() int { return s.peer.id }

// Addr implements [simio.Peer].
func (s *socket) Addr() netip.Addr { return s.peer.addr }

// Accepted implements [simio.Peer].
func (s *socket) Accepted() {
	now := int(s.w.thread.ticks) // if a tick ended in this turn, the thread may handle it later
	s.acceptTurn, s.lastActive, s.born = s.w.kernel.Turns, now, now
	s.requestBegan = now // a PROXY header is waited for from the start
}

// FirstUsed implements [simio.Peer].
func (s *socket) FirstUsed() {
	if !s.peer.allowed() {
		s.w.Fail("peer %d is served, at %s", s.peer.id, s.peer.addr)
	}
}

// ClosedUnused implements [simio.Peer]: the thread denied the connection, or refused it
// because there were too many.
func (s *socket) ClosedUnused() {
	w := s.w
	switch {
	case !s.peer.allowed():
		w.denied++
	case !w.operator.aborted:
		w.refused++
		if all := w.kernel.Connections() + w.elsewhere; all <= w.limits.Conns {
			w.Fail("a connection was refused with %d open, where %d are allowed", all, w.limits.Conns)
		}
	}
}

// InputDelivered implements [simio.Peer]. What a receive brings after an abort has closed the
// connection was not delivered.
func (s *socket) InputDelivered() {
	now := s.w.now()
	if c := s.w.thread.conns.Get(slab.Key(s.Key)); s.seen == s.Received || s.w.operator.aborted && c != nil && c.phase == closing {
		return
	}
	if h := s.peer.preface; !s.unfinished() || s.peer.whole(s.seen) != s.peer.whole(s.Received) || h.behind(s.seen) != h.behind(s.Received) {
		s.requestBegan = now
	}
	s.seen, s.lastActive = s.Received, now
}

// unfinished reports whether the delivered bytes end within a request, or before the end of a
// PROXY header.
func (s *socket) unfinished() bool {
	last := s.peer.preface.size
	if whole := s.peer.whole(s.seen); whole > 0 {
		last = s.peer.ends[whole-1]
	}
	return s.seen != last
}

// overdue reports whether the peer has kept the thread waiting for more than slack ticks beyond its time limit.
func (s *socket) overdue(slack int) bool {
	l, now := s.w.limits, s.w.now()-slack
	if s.unfinished() {
		return l.RequestTicks > 0 && now-s.requestBegan > int(l.RequestTicks)
	}
	return l.IdleTicks > 0 && now-s.lastActive > int(l.IdleTicks) && s.Taken == s.peer.owed(s.seen)
}

// Finished implements [simio.Peer]: the thread must have a reason for its FIN.
func (s *socket) Finished() {
	w, p := s.w, s.peer
	s.finTick, s.receivedBefore = w.now(), s.Received
	if s.Dead || s.Received >= p.last || s.FinIn && s.Received == s.Arrived {
		return
	}
	if (w.operator.stopped || s.old()) && !s.speaksV2() {
		s.checkSilence()
		return
	}
	if s.expired = s.late && !s.outstayed(); !s.late {
		w.Fail("FIN to peer %d for no reason", p.id)
	}
	if s.Taken < p.owed(s.due) {
		w.Fail("FIN to peer %d before its answers", p.id)
	}
}

// arrivedBytes returns 0 for a peer that has not connected.
func (s *socket) arrivedBytes() int {
	if s == nil {
		return 0
	}
	return s.Arrived
}

// CheckOwed implements [simio.Peer].
func (s *socket) CheckOwed(data []byte) {
	s.findNotices(data)
	owed := s.peer.owed(s.Received)
	switch {
	case s.Taken+len(data) > owed:
		s.w.Fail("sent %d bytes to peer %d, which is owed %d more", len(data), s.peer.id, owed-s.Taken)
	case !bytes.Equal(data, s.peer.answers[s.Taken:s.Taken+len(data)]):
		s.w.Fail("wrong answer to peer %d: bytes %d to %d are % .64x, want % .64x", s.peer.id,
			s.Taken, s.Taken+len(data), data, s.peer.answers[s.Taken:s.Taken+len(data)])
	}
}

// OutputTaken implements [simio.Peer].
func (s *socket) OutputTaken() {
	s.lastActive = s.w.now()
	s.checkPromptness()
}

// owed returns what the thread still owes the peer once nothing moves any more, or "".
func (s *socket) owed(draining bool) string {
	full := s.Taken-s.Read >= s.Space
	dismissed := draining || s.old()
	ending := dismissed && !s.speaksV2() // to dismiss a version 2 connection does not end its input
	switch {
	case s.Closed:
		return ""
	case s.Dead:
		return "the end of a dead connection"
	case full && !s.FinOut:
		return ""
	case s.Arrived >= s.peer.fatal:
		return "the end for a request larger than the pool"
	case s.Taken < s.peer.owed(s.Arrived) && !ending:
		return "answers"
	case s.FinIn && !s.FinOut, s.Arrived >= s.peer.last && !s.FinOut:
		return "FIN"
	case !s.FinOut && (s.overdue(0) || s.outstayed()):
		return "the end, for keeping the thread waiting"
	case ending:
		return "the end, in a drain or because of its age"
	case dismissed && s.welcomed() && s.peer.told == 0 && !s.FinOut:
		return "the notice that the server goes away"
	}
	return ""
}
