//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
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
// listener, a drain that is spread or waits for silent connections, a timeout or an age.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.resting == 0 && t.spread.ticks == 0 && t.patience == 0 && !t.hasTimeouts() {
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
// connections whose peers have kept the thread waiting for too long, and dismisses connections of a
// drain and old ones. It checks a part of the slots for timeouts and ages, and continues with the
// next part after the next tick.
//
// Order: the thread calls it after it has handled all events of the turn. So no connection
// times out whose input arrived in this turn.
func (t *Thread) sweepTimeouts() {
	if !t.ticked {
		return
	}
	t.ticked = false
	t.endSilence()
	t.dismissSome()
	if !t.hasTimeouts() {
		return
	}
	lo, most := t.swept, t.conns.Cap()
	hi := min(lo+max(sweepSlots, most/64), most)
	for _, c := range t.conns.Range(lo, hi) {
		if c.phase == open {
			t.checkTimeout(c)
			t.checkAge(c)
		}
	}
	t.swept = hi % most
}

// hasTimeouts reports whether any connection's time is limited now.
func (t *Thread) hasTimeouts() bool {
	l := &t.cfg.Limits
	return l.RequestTicks > 0 && t.partials.InUse() > 0 || (l.IdleTicks > 0 || l.AgeTicks > 0) && t.conns.Len() > 0
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

// checkAge dismisses c if it is old. If the peer of a version 2 connection has ignored the notice for
// GraceTicks, checkAge ends c's input.
func (t *Thread) checkAge(c *conn) {
	l := &t.cfg.Limits
	if l.AgeTicks == 0 || c.phase != open {
		return
	}
	age, limit := t.ticks-c.born, l.age(c.key)
	switch {
	case age <= limit:
	case !c.dismissed:
		t.tally.OldConns++
		t.dismiss(c)
	case c.version == 2 && c.receiving && age-limit > l.GraceTicks:
		t.dropPartial(c)
		t.endInput(c)
		t.markDirty(c)
	}
}

// age returns after how many ticks to dismiss a connection: AgeTicks, and up to a tenth more or less,
// so that connections that began together do not end together. Consecutive slots have ages that lie
// far apart.
func (l *Limits) age(key slab.Key) uint32 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio: Knuth, TAOCP 3, 6.4
	tenth := uint64(l.AgeTicks / 10)
	hash := uint64(key) * golden >> 32
	return uint32(uint64(l.AgeTicks) - tenth + hash*(2*tenth+1)>>32)
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
