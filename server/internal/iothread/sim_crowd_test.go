//go:build linux

package iothread

import (
	"math"
	"slices"

	"github.com/disrust/disrust/wire"
	"golang.org/x/sys/unix"
)

// crowded makes a world of more connections than there are receive buffers. They are
// in want of them since, inline, all peers speak at once, and, dedicated, there is so
// little room for requests that all buffers come to be held.
func (t *temper) crowded(w *world) {
	t.crowd, t.descriptors, t.elsewhere = w.between(ReceiveBuffers+2, ReceiveBuffers+20), math.MaxInt, 0
	if t.inline {
		t.herded(w)
		return
	}
	t.limits.InFlight, t.limits.Conns = w.between(1, 2), crowdConns
	if w.oneIn(2) {
		t.mutes = w.between(ReceiveBuffers, ReceiveBuffers+10)
		t.crowd = t.mutes + w.between(1, 9)
		t.limits.OutputBytes = OutputBytes(t.format)
	}
}

// crowdConns are more than a crowd.
const crowdConns = 100

// large is a format of which receives bring so much that few buffers are lent, and of
// which some requests are batches of their own and others not.
var large = wire.Format{Dim: 1024, MaxVectors: 2 * packed}

// herded is crowded for a thread that scores for itself: it holds no receive buffer
// from one turn to the next, so the want of them is that of a turn.
func (t *temper) herded(w *world) {
	if w.oneIn(2) {
		t.format = large
		t.limits = drawLimits(w, t.format)
		t.receiveSpace = drawReceiveSpace(w, t.format)
	}
	t.herd, t.loud, t.limits.Conns = true, w.oneIn(2), crowdConns
}

// herd is peers that speak when all do, once all are there.
type herd struct{ w *world }

func (h herd) act() bool {
	if h.w.frozen() || slices.ContainsFunc(h.w.peers, (*peer).coming) {
		return false
	}
	spoke := false
	for _, p := range h.w.peers {
		spoke = p.socket != nil && p.write() || spoke
	}
	return spoke
}

// coming: it is not accepted yet, and may be.
func (p *peer) coming() bool {
	return !p.gone && (p.socket == nil || p.socket.fd < 0 && !p.socket.closed)
}

// silence makes a peer that reads nothing. It asks once, and when all like it have
// their answer on the way, much more.
func (p *peer) silence() {
	p.script = script{owes: []int{0}, last: math.MaxInt, fatal: math.MaxInt}
	for range p.w.between(4, 8) {
		p.w.appendRequest(&p.script)
	}
	p.ending, p.reads, p.mute = staysOn, 0, true
}

// blockedMutes: all mutes have the beginning of an answer, and no more.
func (w *world) blockedMutes() bool {
	for _, p := range w.peers[:w.mutes] {
		if p.socket == nil || p.socket.taken == 0 {
			return false
		}
	}
	return true
}

// early: among mutes, others come when these hold all receive buffers.
func (p *peer) early() bool {
	return p.socket == nil && p.w.mutes > 0 && !p.mute && p.w.thread.held < ReceiveBuffers
}

// calamity cuts off, once, all peers whose connections hold a receive buffer, when
// no other buffer is left, others wait for one, and a waiting send will tell of it
// in each case. Nobody stirs then: the thread has to find out by itself that
// buffers are back.
type calamity struct {
	w    *world
	over bool
}

func (c *calamity) act() bool {
	t := c.w.thread
	if c.over || t.held < ReceiveBuffers || t.starved.count == 0 {
		return false
	}
	for _, conn := range t.conns.All() {
		if conn.held.valid && !conn.blocked {
			return false
		}
	}
	c.w.note("calamity")
	c.over, c.w.hush, c.w.hushed = true, true, true
	for _, conn := range t.conns.All() {
		if conn.held.valid {
			s := c.w.kernel.open(conn.fd)
			s.kill(unix.ECONNRESET)
			s.peer.ending, s.peer.gone = resets, true
		}
	}
	return true
}
