//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// Tick is the unit of a thread's time. The time passes only while something needs it: see
// armTick.
const Tick = netio.TickLength

const (
	// lingerTicks is how long a peer has to read its last answers and close: two seconds.
	lingerTicks = 20

	// sweepSlots is how many slots a thread checks for timeouts per tick. Checking very many
	// at once would delay the connections with requests. If the slab has many more slots,
	// the thread checks more per tick, so that it checks each slot in about 64 ticks.
	sweepSlots = 2048
)

// armTick starts the next tick, if something needs it: a lingering connection, a resting
// listener or a timeout.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.resting == 0 && !t.hasTimeouts() {
		return
	}
	t.prepare(netio.Op{Code: netio.Tick})
	t.ticking = true
}

// tick arms accepts on resting listeners, and closes connections that have lingered for
// lingerTicks.
func (t *Thread) tick() {
	t.ticking, t.ticked = false, true
	t.ticks++
	t.armAccepts()
	for c := t.lingers.front(); c != nil && t.ticks-c.since >= lingerTicks; c = t.lingers.front() {
		t.close(c) // c leaves the queue
	}
}

// sweepTimeouts does something only in a turn in which a tick ended. It ends the input of
// connections whose peers have kept the thread waiting for too long. It checks a part of the
// slots and continues with the next part after the next tick.
//
// Order: the thread calls it after it has handled all events of the turn. So no connection
// times out whose input arrived in this turn.
func (t *Thread) sweepTimeouts() {
	if !t.ticked {
		return
	}
	t.ticked = false
	if !t.hasTimeouts() {
		return
	}
	lo, most := t.swept, t.conns.Cap()
	hi := min(lo+max(sweepSlots, most/64), most)
	for _, c := range t.conns.Range(lo, hi) {
		if c.phase == open {
			t.checkTimeout(c)
		}
	}
	t.swept = hi % most
}

// hasTimeouts reports whether any connection's time is limited now.
func (t *Thread) hasTimeouts() bool {
	return t.cfg.Limits.RequestTicks > 0 && t.partials.InUse() > 0 ||
		t.cfg.Limits.IdleTicks > 0 && t.conns.Len() > 0
}

func (t *Thread) checkTimeout(c *conn) {
	limit, counter := t.cfg.Limits.IdleTicks, &t.tally.IdleConns
	if c.partial.block != blocks.None {
		limit, counter = t.cfg.Limits.RequestTicks, &t.tally.LateRequests
	}
	if limit == 0 || !t.waitsForPeer(c) || t.ticks-c.since <= limit {
		return
	}
	*counter++
	t.dropPartial(c)
	t.endInput(c)
	t.markDirty(c)
}

// waitsForPeer reports whether c waits for its peer and not for the thread: a receive is in
// flight and nothing else is. A peer that has begun a request must finish it even while
// answers to it are due.
func (t *Thread) waitsForPeer(c *conn) bool {
	return c.receiving && (c.partial.block != blocks.None || c.inFlight == 0 && c.out.size == 0 && c.sending.block == blocks.None)
}

// restartTimeout restarts the time that a peer has: it has begun a request, or has all its
// answers.
func (t *Thread) restartTimeout(c *conn) { c.since, c.paused = t.ticks, t.ticks }
