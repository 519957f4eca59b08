//go:build linux

package loop

import (
	"math"
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

// ending is what a peer does when it has sent its whole stream.
type ending uint8

const (
	shutsDown ending = iota // sends FIN at once and reads on
	waits                   // reads all its answers, or until the server's FIN, then closes
	stays                   // reads until the server's FIN, then closes
	staysOn                 // reads until the server's FIN and never closes
	hangsUp                 // closes at once: answers it has not read cause a reset
	resets                  // resets the connection, or its network fails
)

// peer is a client: one connection with a script. A peer that reads, and does not hang up
// or reset, must get everything it is owed and then FIN.
type peer struct {
	script
	w        *world
	id       int
	listener int // the listener to which it connects
	addr     netip.Addr
	socket   *socket // nil until it connects
	ending   ending
	reads    int  // how many bytes of answers it reads before it stops reading
	polite   bool // sends a request only when it has read the answer to the one before
	mute     bool // see makeMute
	obedience

	arrivals   []int // the turn in which the last byte of each message arrived
	beforeStop int   // bytes of its stream that had arrived when the drain began
	heard      bool  // it has read that the server goes away
	ended      bool  // it sends no more
	gone       bool  // it does nothing more
	sawFIN     bool
	sawReset   bool
}

func (w *world) drawPeer(id int) *peer {
	requests := w.IntN(simio.Pick(w.Dice, 2, 12))
	if w.crowd < 20 && w.format.RequestBytes(1) < 5000 && w.OneIn(10) {
		requests = w.Between(30, 200)
	}
	if w.Herd {
		requests = w.Between(0, 8)
	}
	p := &peer{w: w, id: id, listener: w.IntN(w.Listeners), addr: peerAddr(id), reads: math.MaxInt}
	p.script = w.drawScript(p.newScript(), requests)
	p.polite = w.OneIn(5)
	p.ending = simio.Pick(w.Dice, shutsDown, shutsDown, shutsDown, waits, waits, stays, staysOn, hangsUp, resets)
	if id < w.mutes {
		p.makeMute()
	} else if w.OneIn(5) {
		p.reads = w.IntN(2) * w.IntN(40)
	}
	p.obedience = simio.Pick(w.v2.dice, atOnce, atOnce, atOnce, later, later, later, lastWord, lastWord, never)
	return p
}

// peerAddr returns a peer's address.
func peerAddr(id int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(id)}) }

// allowed reports whether the thread must accept the peer. Config.Allow concerns only TCP,
// which the listeners with even numbers use, and peers behind a balancer once their header is there.
func (p *peer) allowed() bool {
	return p.listener%2 == 1 || p.behindBalancer() || p.w.allows(p.addr)
}

// behaves reports whether the peer must get everything it is owed.
func (p *peer) behaves() bool {
	return p.reads == math.MaxInt && p.ending != hangsUp && p.ending != resets
}

func (p *peer) act() bool {
	switch {
	case p.heldBack():
		return false
	case p.socket == nil && !p.gone:
		p.gone = !p.connect()
		return true
	case p.w.Herd:
		return p.read()
	case p.w.OneIn(2):
		return p.read() || p.write()
	}
	return p.write() || p.read()
}

func (p *peer) connect() bool {
	if !p.w.kernel.Listening(p.listener) {
		return false
	}
	p.w.Note("peer %d: connects", p.id)
	space := max(simio.Pick(p.w.Dice, 1, 7, 60, 600, 1<<30), len(p.answers)/100)
	switch {
	case p.mute:
		space = 1
	case p.w.Eager && p.behaves():
		space = 1 << 30
	}
	p.socket = &socket{w: p.w, peer: p, finTick: -1, Socket: simio.Socket{Stream: p.stream, Space: space}}
	p.socket.Peer = p.socket
	p.w.kernel.Connect(p.listener, &p.socket.Socket)
	return true
}

// read reads bytes that the server has sent.
func (p *peer) read() bool {
	s := p.socket
	switch {
	case p.gone:
		return false
	case p.told > 0 && s.Read >= p.told && !p.heard:
		p.heed()
	case s.Reset:
		p.w.Note("peer %d: finds itself reset, %d of %d bytes read", p.id, s.Read, s.Taken)
		p.sawReset = !p.sawFIN
		p.gone = true
	case s.Taken > s.Read && s.Read < p.reads:
		n := p.w.piece(min(s.Taken, p.reads) - s.Read)
		s.Read += n
		p.w.Note("peer %d: reads %d bytes, %d in all", p.id, n, s.Read)
	case s.FinOut && s.Read == s.Taken && !p.sawFIN && s.Read < p.reads:
		p.w.Note("peer %d: reads FIN", p.id)
		p.sawFIN = true
	case p.sawFIN && p.ending <= stays:
		p.hangUp()
	default:
		return false
	}
	return true
}

// write sends a piece of the stream, or ends it as p.ending says.
func (p *peer) write() bool {
	s := p.socket
	switch {
	case p.gone || p.ended || s.Reset:
		return false
	case s.Arrived < p.sendable():
		n := min(p.piece(p.sendable()-s.Arrived), p.w.receiveSpace-(s.Arrived-s.Received))
		if n > 0 {
			p.send(n)
		}
		return n > 0
	case s.Arrived == len(p.stream):
		return p.end()
	}
	return false
}

func (p *peer) send(n int) {
	s := p.socket
	s.Arrive(n)
	p.w.Note("peer %d: sends %d bytes, %d in all", p.id, n, s.Arrived)
	for len(p.arrivals) < p.whole(s.Arrived) {
		p.arrivals = append(p.arrivals, p.w.kernel.Turns)
	}
}

// sendable returns how much of the stream the peer may have sent by now.
func (p *peer) sendable() int {
	switch {
	case p.mute && !p.w.mutesBlocked():
		return p.ends[0]
	case p.mute || !p.polite:
		return len(p.stream)
	}
	answered := 0
	for answered < len(p.ends) && p.owedAfter[answered+1] <= p.socket.Read {
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
		p.w.Note("peer %d: shuts down its side", p.id)
		s.FinIn = true
	case p.ending == waits && s.Read == len(p.answers) && p.last == math.MaxInt, p.ending == hangsUp:
		p.hangUp()
	case p.ending == resets:
		p.w.Note("peer %d: %s", p.id, simio.Pick(p.w.Dice, "resets", "vanishes", "is cut off"))
		s.Kill()
		p.gone = true
	default:
		return false
	}
	p.ended = true
	return true
}

// hangUp closes the peer's socket.
func (p *peer) hangUp() {
	p.w.Note("peer %d: closes", p.id)
	p.socket.HangUp()
	p.ended, p.gone = true, true
}

// piece draws how much of size bytes to send at once: a few bytes, up to about the end of a
// request, any part, or all.
func (p *peer) piece(size int) int {
	if p.w.loud {
		return size
	}
	at := p.socket.Arrived
	if at < min(p.preface.size, 60) && p.w.balancers.dice.OneIn(2) {
		return min(size, p.w.balancers.dice.Between(1, 5)) // a piece of the PROXY header
	}
	if p.version == 2 && at < p.preface.size+wire.PreambleBytes && p.w.v2.dice.OneIn(2) {
		return min(size, p.w.v2.dice.Between(1, 5)) // a piece of the hello's preamble
	}
	if next := p.whole(at); next < len(p.ends) && p.w.OneIn(3) {
		return max(1, min(size, p.ends[next]-at+p.w.Between(-2, 5)))
	}
	return p.w.piece(size)
}

// piece draws a number from 1 to size. It is often size, and sometimes at most 5.
func (w *world) piece(size int) int {
	return simio.Pick(w.Dice, w.Between(1, min(size, 5)), w.Between(1, size), size, size)
}
