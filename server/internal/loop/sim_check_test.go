//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/slab"
)

// promisedTicks is how long a peer has to read its last answers and close.
const promisedTicks = 20

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
				w.Fail("connection %d holds a receive buffer and waits for nothing", c.key.Index())
			}
		}
		if int(c.out.size+c.reserved) > w.limits.OutputBytes {
			w.Fail("connection %d: %d bytes of answers and %d to come, with room for %d",
				c.key.Index(), c.out.size, c.reserved, w.limits.OutputBytes)
		}
		for _, block := range []blocks.ID{c.out.block, c.sending.block} {
			if block != blocks.None {
				if used[block] {
					w.Fail("connection %d has a block of answers that another has too", c.key.Index())
				}
				used[block] = true
			}
		}
		if c.receiving && (c.queue == &t.stalled || c.queue == &t.starved) {
			w.Fail("connection %d waits in a queue and receives", c.key.Index())
		}
	}
	if lent := netio.ReceiveBuffers - w.kernel.Buffers() + w.kernel.Undelivered(); held != t.held || lent != t.lent || held+len(t.spare)+lent != netio.ReceiveBuffers {
		w.Fail("of %d receive buffers connections hold %d, %d are spare and %d lent; the thread counts %d held and %d lent",
			netio.ReceiveBuffers, held, len(t.spare), lent, t.held, t.lent)
	}
	if t.inFlight > w.limits.InFlight {
		w.Fail("%d requests in flight, with room for %d", t.inFlight, w.limits.InFlight)
	}
	w.checkOwners()
	w.checkLine()
}

// checkOwners: what the kernel has operations on, a connection still has.
func (w *world) checkOwners() {
	for _, o := range w.kernel.UnderWay() {
		if o.Socket() == nil {
			continue
		}
		c := w.thread.conns.Get(slab.Key(o.Key))
		if c == nil || c.ops == 0 {
			w.Fail("a %s is under way for a connection that is no more", simio.Name(o.Code))
		}
		if o.Code == netio.SendRest {
			if block, _ := w.place(o.Data); c.sending.block != block {
				w.Fail("connection %d gave back block %d, from which the kernel sends", c.key.Index(), block)
			}
		}
	}
}

// checkLine: nobody passes a connection that waits for room.
func (w *world) checkLine() {
	now, admitted := front{}, w.counted().Requests
	if c := w.thread.stalled.front(); c != nil {
		now = front{c.key, c.held.lo, c.partial.block}
	}
	if now.key != 0 && now == w.first && admitted > w.admitted {
		w.Fail("requests were admitted before those of connection %d, which is first in line", now.key.Index())
	}
	w.first, w.admitted = now, admitted
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
	for ; s.answered < len(p.ends) && p.owes[s.answered+1] <= s.Taken; s.answered++ {
		if !w.Eager || !p.behaves() || s.answered >= len(p.arrivals) {
			continue
		}
		bound := 8 + 2*w.receiveSpace/netio.ReceiveBytes
		if w.Herd {
			bound += 2 * (1 + w.crowd/leastLent) * (1 + w.receiveSpace/netio.ReceiveBytes)
		}
		if !w.inline {
			for _, other := range w.peers {
				bound += 2 * len(other.ends)
			}
		}
		if late := w.kernel.Turns - max(p.arrivals[s.answered], s.acceptTurn); late > bound {
			w.Fail("peer %d has waited for an answer for %d turns, of %d at most", p.id, late, bound)
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
		{"connections", t.conns.Len()}, {"receive buffers held", t.held}, {"receive buffers lost", k.Buffers() - len(t.spare)},
		{"partial requests", t.partials.InUse()}, {"blocks of answers", t.outputs.InUse()}, {"bytes of the pool", t.pool.InUse()},
		{"requests in flight", t.inFlight}, {"requests not published", len(t.pending)}, {"sends", len(t.unsettled)},
		{"stalled connections", t.stalled.count}, {"starved connections", t.starved.count}, {"lingering connections", t.lingers.count},
		{"slots of the request ring", w.requests.Occupancy()}, {"slots of the response ring", w.responses.Occupancy()},
		{"descriptors", k.Connections()}, {"connections counted", int(w.conns.Load()) - w.elsewhere}, {"operations", w.outstanding()},
	} {
		if left.count != 0 {
			w.Fail("left at the end: %d %s", left.count, left.what)
		}
	}
	w.checkListeners()
	w.checkCounters()
	for _, p := range w.peers {
		p.checkDue()
	}
}

// checkAbandoned: when the kernel refuses to go on, peers and port are let go.
func (w *world) checkAbandoned() {
	w.checkListeners()
	for s := range w.accepted() {
		if !s.Closed && s.acceptTurn > 0 {
			w.Fail("abandoned: peer %d", s.peer.id)
		}
	}
}

// checkListeners: all are closed.
func (w *world) checkListeners() {
	for i := range w.Listeners {
		if w.kernel.Listening(i) {
			w.Fail("left open: listener %d", i)
		}
	}
}

// outstanding is how many operations are left that may not be: all but the wake
// and the tick.
func (w *world) outstanding() int {
	count := 0
	for _, o := range w.kernel.UnderWay() {
		if o.Code != netio.Wake && o.Code != netio.Tick {
			count++
		}
	}
	return count
}

// counted is what the thread has measured so far.
func (w *world) counted() (s metrics.Snapshot) {
	w.thread.Measured().AddTo(&s)
	return s
}

func (w *world) checkCounters() {
	c, k := w.counted(), w.kernel
	if got := int(c.Accepted + c.Refused + c.Denied); got != len(k.Accepted()) || c.Accepted != c.Closed {
		w.Fail("counted %d accepted, %d refused, %d denied and %d closed connections of %d",
			c.Accepted, c.Refused, c.Denied, c.Closed, len(k.Accepted()))
	}
	if got := int(c.Denied); got != w.denied {
		w.Fail("counted %d denied connections of %d", got, w.denied)
	}
	expired := 0
	for s := range w.accepted() {
		if s.expired {
			expired++
		}
	}
	if got := int(c.LateRequests + c.IdleConns); got < expired {
		w.Fail("counted %d late and %d idle connections, of %d at least", c.LateRequests, c.IdleConns, expired)
	}
	if got := int(c.Refused); got != w.refused && !w.operator.aborted {
		w.Fail("counted %d refused connections of %d", got, w.refused)
	}
	if got := int(c.AcceptErrors); got > k.AcceptErrs {
		w.Fail("counted %d failures of accepts, of %d", got, k.AcceptErrs)
	}
	if c.Answers+c.ModelFailures > c.Requests {
		w.Fail("counted %d answers and %d failures of %d requests", c.Answers, c.ModelFailures, c.Requests)
	}
}

// checkDue: a peer that behaves has the answers to all that had come before the
// drain, which is all it had to say if the drain came late, and then FIN. An abort
// ends this duty. What anyone got was right, or take would have failed.
func (p *peer) checkDue() {
	s := p.socket
	if s == nil || s.FD < 0 || s.Key == 0 || p.w.operator.aborted || !p.behaves() || s.Received >= p.fatal {
		return
	}
	for p.read() { // what is still on its way
	}
	if s.late {
		p.beforeStop = min(p.beforeStop, s.due)
	}
	expired := s.finTick >= 0 && int(p.w.kernel.Ticks) >= s.finTick+promisedTicks
	switch {
	case s.Taken < p.beforeStop:
		p.w.Fail("peer %d was sent %d bytes of answers, %d were due", p.id, s.Taken, p.beforeStop)
	case p.sawReset && !((p.w.Hasty || p.w.hushed) && expired):
		p.w.Fail("peer %d, which behaved, was reset", p.id)
	case !p.sawFIN && !p.sawReset && !s.HungUp:
		p.w.Fail("peer %d never saw the end", p.id)
	}
}
