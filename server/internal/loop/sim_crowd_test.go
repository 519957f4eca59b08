//go:build linux

package loop

import (
	"math"
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

// crowded makes a world of more connections than there are receive buffers. They are
// in want of them since, inline, all peers speak at once, and, dedicated, there is so
// little room for requests that all buffers come to be held.
func (t *temper) crowded(w *world) {
	t.crowd, t.Descriptors, t.elsewhere = w.Between(netio.ReceiveBuffers+2, netio.ReceiveBuffers+20), math.MaxInt, 0
	if t.inline {
		t.herded(w)
		return
	}
	t.limits.InFlight, t.limits.Conns = w.Between(1, 2), crowdConns
	if w.OneIn(2) {
		t.mutes = w.Between(netio.ReceiveBuffers, netio.ReceiveBuffers+10)
		t.crowd = t.mutes + w.Between(1, 9)
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
	if w.OneIn(2) {
		t.format = large
		t.limits = drawLimits(w, t.format)
		t.receiveSpace = drawReceiveSpace(w, t.format)
	}
	t.Herd, t.loud, t.limits.Conns = true, w.OneIn(2), crowdConns
}

// herd is peers that speak when all do, once all are there.
type herd struct{ w *world }

func (h herd) act() bool {
	if h.w.Frozen() || slices.ContainsFunc(h.w.peers, (*peer).coming) {
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
	return !p.gone && (p.socket == nil || p.socket.FD < 0 && !p.socket.Closed)
}

// silence makes a peer that reads nothing. It asks once, and when all like it have
// their answer on the way, much more.
func (p *peer) silence() {
	p.script = script{owes: []int{0}, last: math.MaxInt, fatal: math.MaxInt}
	for range p.w.Between(4, 8) {
		p.w.appendRequest(&p.script)
	}
	p.ending, p.reads, p.mute = staysOn, 0, true
}

// blockedMutes: all mutes have the beginning of an answer, and no more.
func (w *world) blockedMutes() bool {
	for _, p := range w.peers[:w.mutes] {
		if p.socket == nil || p.socket.Taken == 0 {
			return false
		}
	}
	return true
}

// early: among mutes, others come when these hold all receive buffers.
func (p *peer) early() bool {
	return p.socket == nil && p.w.mutes > 0 && !p.mute && p.w.thread.held < netio.ReceiveBuffers
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
	if c.over || t.held < netio.ReceiveBuffers || t.starved.count == 0 {
		return false
	}
	for _, conn := range t.conns.All() {
		if conn.held.valid && !conn.blocked {
			return false
		}
	}
	c.w.Note("calamity")
	c.over, c.w.hush, c.w.hushed = true, true, true
	for _, conn := range t.conns.All() {
		if conn.held.valid {
			s := c.w.kernel.Socket(conn.fd).Peer.(*socket)
			s.Kill()
			s.peer.ending, s.peer.gone = resets, true
		}
	}
	return true
}
