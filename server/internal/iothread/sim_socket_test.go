//go:build linux

package iothread

import (
	"bytes"

	"github.com/disrust/disrust/slab"
	"golang.org/x/sys/unix"
)

// socket is both ends of a connection. What goes either way is known in advance,
// the peer's stream and the answers it is owed, so positions in them are enough.
type socket struct {
	w    *world
	peer *peer
	fd   int      // -1 until accepted
	key  slab.Key // of the connection that uses it
	ops  int      // the kernel's, on it

	arrived, received int  // of the peer's stream: come, and taken by receives
	taken, read       int  // of its answers: taken by the socket, and read by the peer
	answered          int  // requests whose answers are taken
	space             int  // answers that the socket takes beyond those read
	finIn, finOut     bool // after arrived, after taken

	starved    int        // receives in a row that found no buffer
	hungUp     bool       // the peer reads no more: what is sent to it is met with a reset
	dead       bool       // by a reset or a failing network
	errno      unix.Errno // what the next operation is told about that; then none
	closed     bool       // by the thread
	reset      bool       // as the peer sees it
	acceptTurn int        // when the thread heard of it
	finTick    int        // when the thread sent FIN; -1: not yet

	seen    int  // of the peer's stream: told to the thread
	begun   int  // tick in which it was told of the unfinished request's first byte
	stirred int  // tick in which it was last told something, or something was taken
	late    bool // it was overdue at a tick: the thread need not hear more from then on
	due     int  // bytes of answers due at the first such tick
	expired bool // the thread sent FIN for that
}

// tell is the thread being told of what was received.
func (s *socket) tell() {
	now := int(s.w.kernel.ticks)
	if s.seen == s.received {
		return
	}
	if !s.unfinished() || s.peer.whole(s.seen) != s.peer.whole(s.received) {
		s.begun = now
	}
	s.seen, s.stirred = s.received, now
}

// unfinished: what the thread was told of ends within a request.
func (s *socket) unfinished() bool {
	whole := s.peer.whole(s.seen)
	return s.seen > 0 && (whole == 0 || s.peer.ends[whole-1] < s.seen)
}

// overdue: the peer has kept the thread waiting for longer than it need wait.
func (s *socket) overdue() bool {
	l, now := s.w.limits, int(s.w.kernel.ticks)
	if s.unfinished() {
		return l.RequestTicks > 0 && now-s.begun > int(l.RequestTicks)
	}
	return l.IdleTicks > 0 && now-s.stirred > int(l.IdleTicks) && s.taken == s.peer.owed(s.seen)
}

// end is FIN from the thread, for which there must be a reason.
func (s *socket) end() {
	w, p := s.w, s.peer
	if s.finOut {
		w.fail("FIN again to peer %d", p.id)
	}
	s.finOut, s.finTick = true, int(w.kernel.ticks)
	if w.operator.stopped || s.dead || s.received >= p.last || s.finIn && s.received == s.arrived {
		return
	}
	if s.expired = s.late; !s.expired {
		w.fail("FIN to peer %d for no reason", p.id)
	}
	if s.taken < s.due {
		w.fail("FIN to peer %d before its answers", p.id)
	}
}

// arrivedBytes is 0 of a connection that is not made yet.
func (s *socket) arrivedBytes() int {
	if s == nil {
		return 0
	}
	return s.arrived
}

// arrive brings n more bytes of the stream.
func (s *socket) arrive(n int) {
	s.arrived += n
	if s.closed {
		s.reset = true
	}
}

func (s *socket) readable() bool { return s.arrived > s.received || s.finIn || s.dead }
func (s *socket) writable() bool { return s.taken-s.read < s.space || s.dead }

// receive is recv(2) into dst on a readable socket.
func (s *socket) receive(dst []byte, most int) (int, unix.Errno) {
	if s.arrived > s.received {
		n := copy(dst, s.peer.stream[s.received:s.arrived][:min(most, s.arrived-s.received)])
		s.received += n
		return n, 0
	}
	errno := s.errno
	s.errno = 0
	return 0, errno
}

// failure is the errno with which a send fails, if it does.
func (s *socket) failure() unix.Errno {
	errno := s.errno
	s.errno = 0
	if s.dead && errno == 0 {
		return unix.EPIPE
	}
	return errno
}

// take takes what there is space for of data, at most most bytes. All of data
// must be what the thread owes next, and not more than it can owe by now.
func (s *socket) take(data []byte, most int) int {
	owed := s.peer.owed(s.received)
	switch {
	case s.finOut:
		s.w.fail("sent after FIN to peer %d", s.peer.id)
	case s.taken+len(data) > owed:
		s.w.fail("sent %d bytes to peer %d, which is owed %d more", len(data), s.peer.id, owed-s.taken)
	case !bytes.Equal(data, s.peer.answers[s.taken:s.taken+len(data)]):
		s.w.fail("wrong answer to peer %d: bytes %d to %d are % .64x, want % .64x", s.peer.id,
			s.taken, s.taken+len(data), data, s.peer.answers[s.taken:s.taken+len(data)])
	}
	n := min(len(data), most, s.space-(s.taken-s.read))
	s.taken += n
	s.stirred = int(s.w.kernel.ticks)
	s.checkPromptness()
	if n > 0 && s.hungUp {
		s.kill(unix.EPIPE)
	}
	return n
}

// kill ends the connection from outside. What has arrived may be lost with it.
func (s *socket) kill(errno unix.Errno) {
	s.dead, s.errno = true, errno
	if s.w.oneIn(2) {
		s.received = s.arrived
	}
}

// peerClosed is close(2) by the peer: a reset if it has not read all.
func (s *socket) peerClosed() {
	if s.taken > s.read {
		s.kill(unix.ECONNRESET)
		return
	}
	s.finIn, s.hungUp = true, true
}

// close is close(2) by the thread: a reset if not all was received.
func (s *socket) close() {
	s.closed, s.finOut = true, true
	if s.arrived > s.received && !s.dead {
		s.reset = true
	}
}

// owed names what the thread still has to do for the peer, if anything, when
// nothing moves any more.
func (s *socket) owed(draining bool) string {
	full := s.taken-s.read >= s.space
	switch {
	case s.closed:
		return ""
	case s.dead:
		return "the end of a dead connection"
	case full && !s.finOut:
		return ""
	case s.arrived >= s.peer.fatal:
		return "the end for a request larger than the pool"
	case s.taken < s.peer.owed(s.arrived) && !draining:
		return "answers"
	case s.finIn && !s.finOut, s.arrived >= s.peer.last && !s.finOut:
		return "FIN"
	case !s.finOut && s.overdue():
		return "the end, for keeping the thread waiting"
	case draining:
		return "the end, in a drain"
	}
	return ""
}
