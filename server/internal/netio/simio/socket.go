//go:build linux

package simio

import "math"

// Socket is both ends of a connection. What goes either way is known in advance,
// the peer's stream and the answers it is owed, so positions in them are enough.
type Socket struct {
	Peer   Peer
	Stream []byte // all that the peer ever sends
	Space  int    // answers that the socket takes beyond those read

	FD  int    // -1 until accepted
	Key uint64 // of the connection that uses it; 0: none yet

	Arrived, Received int  // of the peer's stream: come, and taken by receives
	Taken, Read       int  // of its answers: taken by the socket, and read by the peer
	FinIn, FinOut     bool // after Arrived, after Taken

	HungUp bool // the peer reads no more: what is sent to it is met with a reset
	Dead   bool // by a reset or a failing network
	Closed bool // by the machine
	Reset  bool // as the peer sees it

	kernel  *Kernel
	faulty  bool // the next operation is told of the death; later ones are not
	ops     int  // under way on it
	starved int  // receives in a row that found no buffer
}

// Arrive brings n more bytes of the stream.
func (s *Socket) Arrive(n int) {
	s.Arrived += n
	if s.Closed {
		s.Reset = true
	}
}

// Kill ends the connection from outside. What has arrived may be lost with it.
func (s *Socket) Kill() {
	s.Dead, s.faulty = true, true
	if s.kernel.OneIn(2) {
		s.Received = s.Arrived
	}
}

// HangUp is close(2) by the peer: a reset if it has not read all.
func (s *Socket) HangUp() {
	if s.Taken > s.Read {
		s.Kill()
		return
	}
	s.FinIn, s.HungUp = true, true
}

// end is FIN from the machine, for which there must be a reason.
func (s *Socket) end() {
	if s.FinOut {
		s.kernel.world.Fail("FIN again to peer %d", s.Peer.Name())
	}
	s.FinOut = true
	s.Peer.Finished()
}

func (s *Socket) readable() bool { return s.Arrived > s.Received || s.FinIn || s.Dead }
func (s *Socket) writable() bool { return s.Taken-s.Read < s.Space || s.Dead }

// receive is recv(2) into dst, of which nil drops what is received, on a readable
// socket. It reports false if the socket is dead.
func (s *Socket) receive(dst []byte, most int) (int, bool) {
	if s.Arrived > s.Received {
		n := min(most, s.Arrived-s.Received)
		if dst != nil {
			n = copy(dst, s.Stream[s.Received:s.Arrived][:n])
		}
		s.Received += n
		return n, true
	}
	faulty := s.faulty
	s.faulty = false
	return 0, !faulty
}

// failure reports whether a send fails.
func (s *Socket) failure() bool {
	s.faulty = false
	return s.Dead
}

// take takes what there is space for of data, at most most bytes. All of data
// must be what the machine owes next, and not more than it can owe by now.
func (s *Socket) take(data []byte, most int) int {
	if s.FinOut {
		s.kernel.world.Fail("sent after FIN to peer %d", s.Peer.Name())
	}
	s.Peer.Owed(data)
	n := min(len(data), most, s.Space-(s.Taken-s.Read))
	s.Taken += n
	s.Peer.Took()
	if n > 0 && s.HungUp {
		s.Kill()
	}
	return n
}

// close is close(2) by the machine: a reset if not all was received.
func (s *Socket) close() {
	s.Closed, s.FinOut = true, true
	if s.Arrived > s.Received && !s.Dead {
		s.Reset = true
	}
}

// all is the most that a transfer may be.
const all = math.MaxInt
