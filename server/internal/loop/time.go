//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// Tick is the unit of a thread's time, which passes only while something waits for
// it.
const Tick = netio.TickLength

const (
	// lingerTicks is how long a peer has to read its last answers and close: two seconds.
	lingerTicks = 20

	// sweepSlots is how many connections a thread checks for timeouts in a tick. Checking
	// very many at once would keep the connections that ask waiting. It checks all of them
	// within 64 ticks.
	sweepSlots = 2048
)

// armTick asks for the next tick, while something needs it.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.resting == 0 && !t.mayExpire() {
		return
	}
	t.ask(netio.Op{Code: netio.Tick})
	t.ticking = true
}

// tick accepts again on listeners that rest, and closes connections that have lingered
// for long enough.
func (t *Thread) tick() {
	t.ticking, t.ticked = false, true
	t.ticks++
	t.armAccepts()
	for c := t.lingers.front(); c != nil && t.ticks-c.since >= lingerTicks; c = t.lingers.front() {
		t.close(c) // it leaves the queue
	}
}

// expire, in a turn with a tick, ends the input of connections whose peers have kept the
// thread waiting for too long. It looks at some of the connections, and goes on with the
// next ones after the next tick.
//
// The thread calls it after it has handled all events of the turn: a peer is not to blame
// for input that has arrived and was not looked at.
func (t *Thread) expire() {
	if !t.ticked {
		return
	}
	t.ticked = false
	if !t.mayExpire() {
		return
	}
	lo, most := t.swept, t.conns.Cap()
	hi := min(lo+max(sweepSlots, most/64), most)
	for _, c := range t.conns.Range(lo, hi) {
		if c.phase == open {
			t.expireOne(c)
		}
	}
	t.swept = hi % most
}

// mayExpire reports whether there is a connection whose time is limited.
func (t *Thread) mayExpire() bool {
	return t.cfg.Limits.RequestTicks > 0 && t.partials.InUse() > 0 ||
		t.cfg.Limits.IdleTicks > 0 && t.conns.Len() > 0
}

func (t *Thread) expireOne(c *conn) {
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
	t.touch(c)
}

// waitsForPeer reports whether c waits for its peer and not for the thread: a receive is
// under way, and nothing else is. A request that has begun must be finished whatever
// answers are due.
func (t *Thread) waitsForPeer(c *conn) bool {
	return c.receiving && (c.partial.block != blocks.None || c.inFlight == 0 && c.out.size == 0 && c.sending.block == blocks.None)
}

// restart begins a peer's time anew: it has begun another request, or has what it
// asked for.
func (t *Thread) restart(c *conn) { c.since, c.paused = t.ticks, t.ticks }
