//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// promisedTicks is how long a peer has to read its last answers and close.
const promisedTicks = 20

// front is the first stalled connection and what is left of its input.
type front struct {
	key     slab.Key
	lo      uint32
	partial blocks.ID
}

// checkThread checks the thread's invariants between two turns.
func (w *world) checkThread() {
	t := w.thread
	held, used := 0, make([]bool, 2*w.limits.Conns)
	for _, c := range t.conns.All() {
		if c.held.valid {
			held++
			if c.queue != &t.stalled && c.phase != closing {
				w.Fail("connection %d holds a receive buffer and is not stalled", c.key.Index())
			}
		}
		s := w.kernel.Socket(c.fd).Peer.(*socket)
		w.checkReceived(c, s)
		w.checkHeader(c, s)
		extra := s.peer.extra
		if int(max(c.out.size+c.reserved, c.sending.hi)) > w.limits.OutputBytes+extra {
			w.Fail("connection %d: %d bytes of answers, %d reserved and %d being sent, with room for %d and %d for what is not an answer",
				c.key.Index(), c.out.size, c.reserved, c.sending.hi, w.limits.OutputBytes, extra)
		}
		for _, block := range []blocks.ID{c.out.block, c.sending.block} {
			if block != blocks.None {
				if used[block] {
					w.Fail("connection %d shares a block of answers with another", c.key.Index())
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
	w.checkQueueOrder()
}

// checkReceived: a connection counts the bytes of its stream. Of one of version 1 that a drain has reached,
// and that is not silent, these are the bytes that had arrived by then, with those left to read.
func (w *world) checkReceived(c *conn, s *socket) {
	received := int(c.received)
	if !c.awaitsHeader {
		received += s.peer.preface.size
	}
	switch {
	case c.phase != open || s.Dead:
	case c.version == 2 || !c.measured:
		if received != s.seen {
			w.Fail("connection %d counts %d bytes of its stream, and %d were received", c.key.Index(), c.received, s.seen)
		}
	case s.atDrain == 0:
		s.atDrain = received + int(c.unread)
	case received+int(c.unread) != s.atDrain:
		w.Fail("connection %d counts %d bytes of its stream and %d to read, of %d", c.key.Index(), c.received, c.unread, s.atDrain)
	}
}

// checkOwners: the connection of every kernel operation in flight still exists.
func (w *world) checkOwners() {
	for _, o := range w.kernel.InFlight() {
		if o.Socket() == nil {
			continue
		}
		c := w.thread.conns.Get(slab.Key(o.Key))
		if c == nil || c.ops == 0 {
			w.Fail("a %s is in flight for a connection that no longer exists", o.Code)
		}
		if o.Code == netio.SendRest {
			if block, _ := w.place(o.Data); c.sending.block != block {
				w.Fail("connection %d gave back block %d, from which the kernel sends", c.key.Index(), block)
			}
		}
	}
}

// checkQueueOrder: no request is admitted ahead of the first stalled connection's.
func (w *world) checkQueueOrder() {
	now, admitted := front{}, w.counted().Requests
	if c := w.thread.stalled.front(); c != nil {
		now = front{c.key, c.held.lo, c.partial.block}
	}
	if now.key != 0 && now == w.first && admitted > w.admitted {
		w.Fail("requests were admitted before those of connection %d, which was stalled first", now.key.Index())
	}
	w.first, w.admitted = now, admitted
}

// checkPromptness: where every operation completes at once, the answers to a peer that
// reads them do not wait for other peers' answers.
//
// If the thread scores for itself, it scores a request in the turn that receives it and sends
// the answer in the next turn. Before that, it may have to arm a receive (one turn), and one
// turn of the loop may take two turns of the kernel. In a herd, all other peers may be ahead
// of this one whenever it needs a receive buffer. The thread then serves as many peers at a
// time as it lends buffers.
//
// If a batch thread scores, requests of other peers may be ahead, in order of arrival.
// Each turn of waiting brings at least one answer, so a request waits for no more turns
// than there are requests.
func (s *socket) checkPromptness() {
	w, p := s.w, s.peer
	for ; s.answered < len(p.ends) && p.owedAfter[s.answered+1] <= s.Taken; s.answered++ {
		if !w.Eager || !p.behaves() || s.answered >= len(p.arrivals) {
			continue
		}
		bound := 8 + 2*w.receiveSpace/w.temper.ReceiveBytes
		if w.Herd {
			bound += 2 * (1 + w.crowd/minLent) * (1 + w.receiveSpace/w.temper.ReceiveBytes)
		}
		if !w.inline {
			for _, other := range w.peers {
				bound += 2 * len(other.ends)
			}
		}
		if late := w.kernel.Turns - max(p.arrivals[s.answered], s.acceptTurn); late > bound {
			w.Fail("peer %d has waited for an answer for %d turns, at most %d are allowed", p.id, late, bound)
		}
	}
}

// checkPatience: where every operation completes at once and time passes only when nothing else
// happens, the thread ends the input of a late peer within a tick. If it tells the peer in that tick that
// the server goes away, an idle peer has its time again.
func (s *socket) checkPatience() {
	if s.late && !s.outstays && !s.FinOut && !s.Dead && s.w.Eager && !s.w.Hasty && s.peer.behaves() && s.overdue(2) {
		s.w.Fail("the input of peer %d, which is late, goes on", s.peer.id)
	}
}

// checkEnd checks the world after the thread has ended: every resource is free and every peer
// got what it was owed.
func (w *world) checkEnd() {
	t, k := w.thread, w.kernel
	for _, left := range []struct {
		what  string
		count int
	}{
		{"connections", t.conns.Len()}, {"receive buffers held", t.held}, {"receive buffers lost", k.Buffers() - len(t.spare)},
		{"partial requests", t.partials.InUse()}, {"blocks of answers", t.outputs.InUse()}, {"bytes of the pool", t.pool.InUse()},
		{"requests in flight", t.inFlight}, {"requests not published", len(t.pending)}, {"sends", len(t.unsettled)},
		{"stalled connections", t.stalled.count}, {"starved connections", t.starved.count}, {"lingering connections", t.lingers.count},
		{"slots of the request ring", w.requests.Occupancy()}, {"slots of the response ring", w.responses.Occupancy() - w.news()},
		{"descriptors", k.Connections()}, {"connections counted", int(w.conns.Load()) - w.elsewhere}, {"operations", w.outstanding()},
	} {
		if left.count != 0 {
			w.Fail("left at the end: %d %s", left.count, left.what)
		}
	}
	w.checkListeners()
	w.checkCounters()
	w.checkStages()
	w.checkCut()
	for _, p := range w.peers {
		p.checkDue()
	}
}

// checkAbandoned: after a turn failed, all connections and listeners are closed.
func (w *world) checkAbandoned() {
	w.checkListeners()
	for s := range w.accepted() {
		if !s.Closed && s.acceptTurn > 0 {
			w.Fail("peer %d was left waiting when the thread ended because of an error", s.peer.id)
		}
	}
}

// checkListeners: all listeners are closed.
func (w *world) checkListeners() {
	for i := range w.Listeners {
		if w.kernel.Listening(i) {
			w.Fail("left open: listener %d", i)
		}
	}
}

// outstanding returns how many operations are in flight, except the wake and the tick,
// which may remain.
func (w *world) outstanding() int {
	count := 0
	for _, o := range w.kernel.InFlight() {
		if o.Code != netio.Wake && o.Code != netio.Tick {
			count++
		}
	}
	return count
}

// counted returns what the thread has counted so far.
func (w *world) counted() (s metrics.Snapshot) {
	w.thread.Measured().AddTo(&s)
	return s
}

func (w *world) checkCounters() {
	c, k := w.counted(), w.kernel
	if got := int(c.Accepted+c.Refused) + w.denied; got != len(k.Accepted()) || c.Accepted != c.Closed {
		w.Fail("counted %d accepted, %d refused, %d denied and %d closed connections of %d",
			c.Accepted, c.Refused, c.Denied, c.Closed, len(k.Accepted()))
	}
	w.checkDenied(int(c.Denied) - w.denied)
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
	welcomes, refusals, hellos := 0, 0, 0
	for s := range w.accepted() {
		if p := s.peer; p.version == 2 && len(p.ends) > 0 && s.parsed() >= p.ends[0] {
			hellos++
			if s.Taken > 0 {
				welcomes++
			}
			if p.last == p.ends[0] {
				refusals++
			}
		}
	}
	if got := int(c.Hellos); got > hellos || got < welcomes || int(c.RefusedHellos) > refusals {
		w.Fail("counted %d hellos, %d refused, of %d and %d; %d peers were answered", got, c.RefusedHellos, hellos, refusals, welcomes)
	}
	if c.Answers+c.ModelFailures > c.Requests {
		w.Fail("counted %d answers and %d failures of %d requests", c.Answers, c.ModelFailures, c.Requests)
	}
}

// checkDue: a peer that behaves has got the answers to everything that had arrived before
// the drain, and then FIN. If the drain came late, or the peer had begun a hello by then, that is
// everything the peer sent. An abort ends this duty. The bytes were right: otherwise CheckOwed
// would have failed.
func (p *peer) checkDue() {
	s := p.socket
	if s == nil || s.FD < 0 || s.Key == 0 || p.w.operator.aborted || !p.behaves() || s.Received >= p.fatal {
		return
	}
	for p.read() { // what the server has sent and the peer has not read
	}
	due := max(p.beforeStop, s.arrivedBefore)
	if s.aged {
		due = s.arrivedBefore
	}
	if p.version == 2 && max(due, s.parsed()) >= p.preface.size+wire.HeaderBytes {
		due = s.Arrived
	}
	if s.late {
		due = min(due, s.due)
	}
	expired := s.finTick >= 0 && int(p.w.kernel.Ticks) >= s.finTick+promisedTicks
	switch {
	case s.Taken < p.owed(due) && !s.HungUp: // to a peer that has hung up, a notice may not get through
		p.w.Fail("peer %d was sent %d bytes of answers and %d were due", p.id, s.Taken, p.owed(due))
	case s.welcomed() && !s.endedBefore && p.told == 0 && (!s.late || s.outstays) && !s.Dead:
		p.w.Fail("peer %d was not told that the server goes away", p.id)
	case p.sawReset && !((p.w.Hasty || p.w.wasQuiet) && expired):
		p.w.Fail("peer %d, which behaved, was reset", p.id)
	case !p.sawFIN && !p.sawReset && !s.HungUp:
		p.w.Fail("peer %d saw neither FIN nor a reset", p.id)
	}
}
