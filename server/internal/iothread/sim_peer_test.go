//go:build linux

package iothread

import (
	"math"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// ending is what a peer does when it has sent its stream.
type ending uint8

const (
	shutsDown ending = iota // FIN at once; it reads on
	waits                   // reads all the answers, or until the server's FIN, then closes
	stays                   // reads until the server's FIN, then closes
	staysOn                 // reads until the server's FIN and never closes
	hangsUp                 // closes at once: what it has not read is met with a reset
	resets                  // or its network fails
)

// peer is a client: one connection with a script. A peer that reads and does not
// hang up or reset must get all it is owed, and then FIN.
type peer struct {
	script
	w      *world
	id     int
	addr   netip.Addr
	socket *socket // nil until it connects
	ending ending
	reads  int  // bytes of answers it reads; then none
	polite bool // sends a request when it has the answer to the last
	mute   bool // see silence

	arrivals   []int // turn in which the last byte of each request arrived
	beforeStop int   // bytes of answers to what had arrived when the drain began
	ended      bool
	gone       bool
	sawFIN     bool
	sawReset   bool
}

func (w *world) drawPeer(id int) *peer {
	requests := w.IntN(pick(w, 2, 12))
	if w.crowd < 20 && w.format.RequestBytes(1) < 5000 && w.oneIn(10) {
		requests = w.between(30, 200)
	}
	if w.herd {
		requests = w.between(0, 8)
	}
	p := &peer{w: w, id: id, addr: peerAddr(id), script: w.drawScript(requests), polite: w.oneIn(5), reads: math.MaxInt}
	p.ending = pick(w, shutsDown, shutsDown, shutsDown, waits, waits, stays, staysOn, hangsUp, resets)
	if id < w.mutes {
		p.silence()
	} else if w.oneIn(5) {
		p.reads = w.IntN(2) * w.IntN(40)
	}
	return p
}

// peerAddr is where a peer is.
func peerAddr(id int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(id)}) }

// allowed: the thread is to serve it.
func (p *peer) allowed() bool {
	within := func(a netip.Prefix) bool { return a.Contains(p.addr) }
	return len(p.w.allow) == 0 || slices.ContainsFunc(p.w.allow, within)
}

// behaves: it is to get all it is owed.
func (p *peer) behaves() bool {
	return p.reads == math.MaxInt && p.ending != hangsUp && p.ending != resets
}

func (p *peer) act() bool {
	switch {
	case p.early():
		return false
	case p.socket == nil && !p.gone:
		p.gone = !p.connect()
		return true
	case p.w.herd:
		return p.read()
	case p.w.oneIn(2):
		return p.read() || p.write()
	}
	return p.write() || p.read()
}

func (p *peer) connect() bool {
	if !p.w.kernel.listening {
		return false
	}
	p.w.note("peer %d: connects", p.id)
	space := max(pick(p.w, 1, 7, 60, 600, 1<<30), len(p.answers)/100)
	switch {
	case p.mute:
		space = 1
	case p.w.eager && p.behaves():
		space = 1 << 30
	}
	p.socket = &socket{w: p.w, peer: p, fd: -1, space: space, finTick: -1}
	p.w.kernel.backlog = append(p.w.kernel.backlog, p.socket)
	return true
}

// read takes what has come from the server.
func (p *peer) read() bool {
	s := p.socket
	switch {
	case p.gone:
		return false
	case s.reset:
		p.w.note("peer %d: finds itself reset, %d of %d bytes read", p.id, s.read, s.taken)
		p.sawReset = !p.sawFIN
		p.gone = true
	case s.taken > s.read && s.read < p.reads:
		n := p.w.piece(min(s.taken, p.reads) - s.read)
		s.read += n
		p.w.note("peer %d: reads %d bytes, %d in all", p.id, n, s.read)
	case s.finOut && s.read == s.taken && !p.sawFIN && s.read < p.reads:
		p.w.note("peer %d: reads FIN", p.id)
		p.sawFIN = true
	case p.sawFIN && p.ending <= stays:
		p.hangUp()
	default:
		return false
	}
	return true
}

// write sends a piece of the stream, or does what comes after it.
func (p *peer) write() bool {
	s := p.socket
	switch {
	case p.gone || p.ended || s.reset:
		return false
	case s.arrived < p.sendable():
		n := min(p.piece(p.sendable()-s.arrived), p.w.receiveSpace-(s.arrived-s.received))
		if n > 0 {
			p.send(n)
		}
		return n > 0
	case s.arrived == len(p.stream):
		return p.end()
	}
	return false
}

func (p *peer) send(n int) {
	s := p.socket
	s.arrive(n)
	p.w.note("peer %d: sends %d bytes, %d in all", p.id, n, s.arrived)
	for len(p.arrivals) < p.whole(s.arrived) {
		p.arrivals = append(p.arrivals, p.w.kernel.turns)
	}
}

// sendable is how much of the stream may be sent by now.
func (p *peer) sendable() int {
	switch {
	case p.mute && !p.w.blockedMutes():
		return p.ends[0]
	case p.mute || !p.polite:
		return len(p.stream)
	}
	answered := 0
	for answered < len(p.ends) && p.owes[answered+1] <= p.socket.read {
		answered++
	}
	if answered < len(p.ends) {
		return p.ends[answered]
	}
	return len(p.stream)
}

func (p *peer) end() bool {
	s := p.socket
	switch {
	case p.ending == shutsDown:
		p.w.note("peer %d: shuts down its side", p.id)
		s.finIn = true
	case p.ending == waits && s.read == len(p.answers) && p.last == math.MaxInt, p.ending == hangsUp:
		p.hangUp()
	case p.ending == resets:
		p.w.note("peer %d: resets", p.id)
		s.kill(pick(p.w, unix.ECONNRESET, unix.ETIMEDOUT, unix.EPIPE))
		p.gone = true
	default:
		return false
	}
	p.ended = true
	return true
}

// hangUp closes the peer's socket.
func (p *peer) hangUp() {
	p.w.note("peer %d: closes", p.id)
	p.socket.peerClosed()
	p.ended, p.gone = true, true
}

// piece draws how much of size bytes to send at once: little, to some byte about a
// request's end, any part, or all.
func (p *peer) piece(size int) int {
	if p.w.loud {
		return size
	}
	at := p.socket.arrived
	if next := p.whole(at); next < len(p.ends) && p.w.oneIn(3) {
		return max(1, min(size, p.ends[next]-at+p.w.between(-2, 5)))
	}
	return p.w.piece(size)
}

// piece is 1 to size, often all and sometimes little.
func (w *world) piece(size int) int {
	return pick(w, w.between(1, min(size, 5)), w.between(1, size), size, size)
}
