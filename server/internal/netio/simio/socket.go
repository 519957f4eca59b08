//go:build linux

package simio

import "math"

// Socket is both ends of a connection. The bytes of both directions are known in advance:
// the peer's stream and the answers owed to it. So a Socket only holds positions in them.
type Socket struct {
	Peer   Peer
	Stream []byte // everything that the peer will send
	Space  int    // bytes of answers that the socket takes beyond those that the peer has read

	FD  int    // -1 until accepted
	Key uint64 // the machine's key for the connection; 0: not used yet

	Arrived, Received int  // bytes of the peer's stream that have arrived, and that receives have taken
	Taken, Read       int  // bytes of answers that the socket has taken, and that the peer has read
	FinIn, FinOut     bool // FIN follows the Arrived bytes, or the Taken bytes

	HungUp bool // the peer reads no more: answers sent to it cause a reset
	Dead   bool // killed by a reset or a failing network
	Closed bool // closed by the machine
	Reset  bool // the peer sees a reset

	kernel  *Kernel
	faulty  bool // the next operation reports the death; later ones do not
	ops     int  // in flight
	starved int  // receives in a row that found no buffer
}

// Arrive makes n more bytes of the stream arrive.
func (s *Socket) Arrive(n int) {
	s.Arrived += n
	if s.Closed {
		s.Reset = true
	}
}

// Kill ends the connection from outside. Bytes that have arrived may be lost with it.
func (s *Socket) Kill() {
	s.Dead, s.faulty = true, true
	if s.kernel.OneIn(2) {
		s.Received = s.Arrived
	}
}

// HangUp is close(2) by the peer: it causes a reset if the peer has not read everything.
func (s *Socket) HangUp() {
	if s.Taken > s.Read {
		s.Kill()
		return
	}
	s.FinIn, s.HungUp = true, true
}

// end sends the machine's FIN. The machine must have a reason for it.
func (s *Socket) end() {
	if s.FinOut {
		s.kernel.world.Fail("sends a second FIN to peer %d", s.Peer.Name())
	}
	s.FinOut = true
	s.Peer.Finished()
}

func (s *Socket) readable() bool { return s.Arrived > s.Received || s.FinIn || s.Dead }
func (s *Socket) writable() bool { return s.Taken-s.Read < s.Space || s.Dead }

// receive is recv(2) into dst on a readable socket. If dst is nil, the bytes are dropped. It
// reports false if the socket is dead.
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

// take takes as many bytes of data as there is space for, at most the given number. All of
// data must be what the machine owes next, and no more than it can owe by now.
func (s *Socket) take(data []byte, most int) int {
	if s.FinOut {
		s.kernel.world.Fail("sends to peer %d after FIN", s.Peer.Name())
	}
	s.Peer.CheckOwed(data)
	n := min(len(data), most, s.Space-(s.Taken-s.Read))
	s.Taken += n
	s.Peer.OutputTaken()
	if n > 0 && s.HungUp {
		s.Kill()
	}
	return n
}

// close is close(2) by the machine: it causes a reset if input is left unread.
func (s *Socket) close() {
	s.Closed, s.FinOut = true, true
	if s.Arrived > s.Received && !s.Dead {
		s.Reset = true
	}
}

// noLimit is a limit that no transfer reaches.
const noLimit = math.MaxInt
