//go:build linux

package iothread

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
)

// promisedTicks is how long a peer has to read its last answers and close.
const promisedTicks = 20

// maxStarved is how often in a row a connection's receive may find no buffer in an
// eager world: who found none is ahead of others when buffers come back.
const maxStarved = 16

// front is who is first in the line for room, and how much of its input is left.
type front struct {
	key     slab.Key
	lo      uint32
	partial blocks.ID
}

// checkThread looks into the thread between two turns.
func (w *world) checkThread() {
	t := w.thread
	held, used := 0, make([]bool, 2*w.limits.Conns)
	for _, c := range t.conns.All() {
		if c.held.valid {
			held++
			if c.queue != &t.stalled && c.phase != closing {
				w.fail("connection %d holds a receive buffer and waits for nothing", c.key.Index())
			}
		}
		if int(c.out.size+c.reserved) > w.limits.OutputBytes {
			w.fail("connection %d: %d bytes of answers and %d to come, with room for %d",
				c.key.Index(), c.out.size, c.reserved, w.limits.OutputBytes)
		}
		for _, block := range []blocks.ID{c.out.block, c.sending.block} {
			if block != blocks.None {
				if used[block] {
					w.fail("connection %d has a block of answers that another has too", c.key.Index())
				}
				used[block] = true
			}
		}
		if c.receiving && (c.queue == &t.stalled || c.queue == &t.starved) {
			w.fail("connection %d waits in a queue and receives", c.key.Index())
		}
	}
	if lent := ReceiveBuffers - w.kernel.buffers.count() + w.kernel.undelivered(); held != t.held || lent != t.lent || held+len(t.spare)+lent != ReceiveBuffers {
		w.fail("of %d receive buffers connections hold %d, %d are spare and %d lent; the thread counts %d held and %d lent",
			ReceiveBuffers, held, len(t.spare), lent, t.held, t.lent)
	}
	if t.inFlight > w.limits.InFlight {
		w.fail("%d requests in flight, with room for %d", t.inFlight, w.limits.InFlight)
	}
	w.checkOwners()
	w.checkLine()
}

// checkOwners: what the kernel has operations on, a connection still has.
func (w *world) checkOwners() {
	for _, o := range w.kernel.inFlight {
		if o.socket == nil {
			continue
		}
		c := w.thread.conns.Get(o.socket.key)
		if c == nil || c.ops == 0 {
			w.fail("a %s is under way for a connection that is no more", names[o.code])
		}
		if o.code == opSendRest {
			if block, _ := w.kernel.place(o); c.sending.block != block {
				w.fail("connection %d gave back block %d, from which the kernel sends", c.key.Index(), block)
			}
		}
	}
}

// checkLine: nobody passes a connection that waits for room.
func (w *world) checkLine() {
	now, admitted := front{}, w.thread.counters.Published.Load()
	if c := w.thread.stalled.front(); c != nil {
		now = front{c.key, c.held.lo, c.partial.block}
	}
	if now.key != 0 && now == w.first && admitted > w.admitted {
		w.fail("requests were admitted before those of connection %d, which is first in line", now.key.Index())
	}
	w.first, w.admitted = now, admitted
}

// undelivered is how many lent buffers the thread does not know of yet.
func (k *kernel) undelivered() int {
	count := 0
	for _, e := range k.completed {
		if _, ok := e.BufferID(); ok {
			count++
		}
	}
	return count
}

// checkPromptness: where everything completes at once, the answers to a peer that
// reads them do not wait for anybody else's.
//
// Inline, a request is scored and answered in the turn that receives it, and its
// answer sent in the next: before that a receive may have to be armed (a turn), and
// a turn of the loop may be two of the kernel's. Of a herd all others may be ahead of
// it whenever it needs a receive buffer, as many at a time as buffers are lent.
// Dedicated, others' requests may be ahead of it, in the order they came. Each turn in
// which it waits for those answers one at least, so it waits no longer than there are
// requests.
func (s *socket) checkPromptness() {
	w, p := s.w, s.peer
	for ; s.answered < len(p.ends) && p.owes[s.answered+1] <= s.taken; s.answered++ {
		if !w.eager || !p.behaves() || s.answered >= len(p.arrivals) {
			continue
		}
		bound := 8 + 2*w.receiveSpace/ReceiveBytes
		if w.herd {
			bound += 2 * (1 + w.crowd/leastLent) * (1 + w.receiveSpace/ReceiveBytes)
		}
		if !w.inline {
			for _, other := range w.peers {
				bound += 2 * len(other.ends)
			}
		}
		if late := w.kernel.turns - max(p.arrivals[s.answered], s.acceptTurn); late > bound {
			w.fail("peer %d has waited for an answer for %d turns, of %d at most", p.id, late, bound)
		}
	}
}

// checkHome is the end: everything has come home and everybody has their due.
func (w *world) checkHome() {
	t, k := w.thread, w.kernel
	for _, left := range []struct {
		what  string
		count int
	}{
		{"connections", t.conns.Len()}, {"receive buffers held", t.held}, {"receive buffers lost", k.buffers.count() - len(t.spare)},
		{"partial requests", t.partials.InUse()}, {"blocks of answers", t.outputs.InUse()}, {"bytes of the pool", t.pool.InUse()},
		{"requests in flight", t.inFlight}, {"requests not published", len(t.pending)}, {"sends", len(t.sent)},
		{"stalled connections", t.stalled.count}, {"starved connections", t.starved.count}, {"lingering connections", t.lingers.count},
		{"slots of the request ring", k.requests.Occupancy()}, {"slots of the response ring", k.responses.Occupancy()},
		{"descriptors", k.connections()}, {"connections counted", int(w.conns.Load()) - w.elsewhere}, {"operations", k.outstanding()},
	} {
		if left.count != 0 {
			w.fail("left at the end: %d %s", left.count, left.what)
		}
	}
	if k.listening {
		w.fail("left at the end: the listener")
	}
	w.checkCounters()
	for _, p := range w.peers {
		p.checkDue()
	}
}

// checkAbandoned: when the kernel refuses to go on, peers and port are let go.
func (w *world) checkAbandoned() {
	if w.kernel.listening {
		w.fail("abandoned: the listener")
	}
	for _, s := range w.kernel.sockets {
		if s != nil && s.acceptTurn > 0 {
			w.fail("abandoned: peer %d", s.peer.id)
		}
	}
}

// outstanding is how many operations are left that may not be: all but the wake
// and the tick.
func (k *kernel) outstanding() int {
	count := 0
	for _, o := range k.inFlight {
		if o.code != opWake && o.code != opTick {
			count++
		}
	}
	return count
}

func (w *world) checkCounters() {
	c, k := w.thread.Counters(), w.kernel
	if got := int(c.Accepted.Load() + c.Refused.Load() + c.Denied.Load()); got != len(k.accepted) || c.Accepted.Load() != c.Closed.Load() {
		w.fail("counted %d accepted, %d refused, %d denied and %d closed connections of %d",
			c.Accepted.Load(), c.Refused.Load(), c.Denied.Load(), c.Closed.Load(), len(k.accepted))
	}
	if got := int(c.Denied.Load()); got != k.denied {
		w.fail("counted %d denied connections of %d", got, k.denied)
	}
	expired := 0
	for _, s := range k.accepted {
		if s.expired {
			expired++
		}
	}
	if got := int(c.Late.Load() + c.Idle.Load()); got < expired {
		w.fail("counted %d late and %d idle connections, of %d at least", c.Late.Load(), c.Idle.Load(), expired)
	}
	if got := int(c.Refused.Load()); got != k.refused && !w.operator.aborted {
		w.fail("counted %d refused connections of %d", got, k.refused)
	}
	if got := int(c.AcceptErrors.Load()); got > k.acceptErrs {
		w.fail("counted %d failures of accepts, of %d", got, k.acceptErrs)
	}
	if c.Sent.Load()+c.Failed.Load() > c.Published.Load() {
		w.fail("counted %d answers and %d failures of %d requests", c.Sent.Load(), c.Failed.Load(), c.Published.Load())
	}
}

// checkDue: a peer that behaves has the answers to all that had come before the
// drain, which is all it had to say if the drain came late, and then FIN. An abort
// ends this duty. What anyone got was right, or take would have failed.
func (p *peer) checkDue() {
	s := p.socket
	if s == nil || s.fd < 0 || s.key == 0 || p.w.operator.aborted || !p.behaves() || s.received >= p.fatal {
		return
	}
	for p.read() { // what is still on its way
	}
	if s.late {
		p.beforeStop = min(p.beforeStop, s.due)
	}
	expired := s.finTick >= 0 && int(p.w.kernel.ticks) >= s.finTick+promisedTicks
	switch {
	case s.taken < p.beforeStop:
		p.w.fail("peer %d was sent %d bytes of answers, %d were due", p.id, s.taken, p.beforeStop)
	case p.sawReset && !((p.w.hasty || p.w.hushed) && expired):
		p.w.fail("peer %d, which behaved, was reset", p.id)
	case !p.sawFIN && !p.sawReset && !s.hungUp:
		p.w.fail("peer %d never saw the end", p.id)
	}
}
