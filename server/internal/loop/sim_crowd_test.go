//go:build linux

package loop

import (
	"math"
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

// crowded makes a world of more connections than receive buffers, so that buffers run
// short. If the thread scores for itself, all peers send at the same time. If a batch
// thread scores, there is so little room for requests that stalled connections hold all
// buffers.
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

// crowdConns is more than the largest crowd.
const crowdConns = 100

// large is a format whose receives bring so many bytes that the thread lends few buffers. Some
// of its requests have minPackedVectors and more, others have fewer.
var large = wire.Format{Dim: 1024, Outputs: 1, MaxVectors: 2 * minPackedVectors}

// herded is crowded for a thread that scores for itself. It holds no receive buffer from
// one turn to the next, so buffers can run short only within a turn.
func (t *temper) herded(w *world) {
	if w.OneIn(2) {
		t.format = large
		t.limits = drawLimits(w, t.format)
		t.receiveSpace = drawReceiveSpace(w, t.format)
	}
	t.Herd, t.loud, t.limits.Conns = true, w.OneIn(2), crowdConns
}

// herd makes all peers send at the same time, once all have connected.
type herd struct{ w *world }

func (h herd) act() bool {
	if h.w.Frozen() || slices.ContainsFunc(h.w.peers, (*peer).connecting) {
		return false
	}
	spoke := false
	for _, p := range h.w.peers {
		spoke = p.socket != nil && p.write() || spoke
	}
	return spoke
}

// connecting reports whether the peer is not accepted yet and may still be.
func (p *peer) connecting() bool {
	return !p.gone && (p.socket == nil || p.socket.FD < 0 && !p.socket.Closed)
}

// makeMute makes p a mute: a peer that reads nothing. It sends one request, and many more
// once each mute has the beginning of its answer.
func (p *peer) makeMute() {
	p.script = p.newScript()
	for range p.w.Between(4, 8) {
		p.w.appendRequest(&p.script)
	}
	p.ending, p.reads, p.mute = staysOn, 0, true
}

// mutesBlocked reports whether each mute has the beginning of an answer.
func (w *world) mutesBlocked() bool {
	for _, p := range w.peers[:w.mutes] {
		if p.socket == nil || p.socket.Taken == 0 {
			return false
		}
	}
	return true
}

// heldBack reports whether p must not connect yet: the mutes must hold all receive buffers
// first.
func (p *peer) heldBack() bool {
	return p.socket == nil && p.w.mutes > 0 && !p.mute && p.w.thread.held < netio.ReceiveBuffers
}

// cutOff resets, once, all peers whose connections hold a receive buffer. It does so
// when no other buffer is left, other connections wait for one, and each of those resets
// will end a waiting send. No peer moves until the thread has nothing left to do, so the
// thread must find out by itself that buffers are free again.
type cutOff struct {
	w    *world
	over bool
}

func (c *cutOff) act() bool {
	t := c.w.thread
	if c.over || t.held < netio.ReceiveBuffers || t.starved.count == 0 {
		return false
	}
	for _, conn := range t.conns.All() {
		if conn.held.valid && !conn.blocked {
			return false
		}
	}
	c.w.Note("the peers that hold a receive buffer are cut off")
	c.over, c.w.quiet, c.w.wasQuiet = true, true, true
	for _, conn := range t.conns.All() {
		if conn.held.valid {
			s := c.w.kernel.Socket(conn.fd).Peer.(*socket)
			s.Kill()
			s.peer.ending, s.peer.gone = resets, true
		}
	}
	return true
}
