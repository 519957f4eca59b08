//go:build linux

package loop

import "github.com/disrust/disrust/server/internal/blocks"

// sweepSlots is how many connections a tick looks at: a look at very many at once
// would keep those that ask waiting. All are looked at within 64 ticks.
const sweepSlots = 2048

// mayExpire reports whether there is a connection whose time is limited.
func (t *Thread) mayExpire() bool {
	return t.cfg.Limits.RequestTicks > 0 && t.partials.InUse() > 0 ||
		t.cfg.Limits.IdleTicks > 0 && t.conns.Len() > 0
}

// expire, when a tick is over, ends the input of connections whose peers have
// kept the thread waiting for too long.
//
// It comes after all that has completed was looked at: a peer is not to blame for
// what the thread did not hear.
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

func (t *Thread) expireOne(c *conn) {
	limit, counter := t.cfg.Limits.IdleTicks, &t.tally.idle
	if c.partial.block != blocks.None {
		limit, counter = t.cfg.Limits.RequestTicks, &t.tally.late
	}
	if limit == 0 || !t.waitsForPeer(c) || t.ticks-c.since <= limit {
		return
	}
	*counter++
	t.dropPartial(c)
	t.endInput(c)
	t.touch(c)
}

// waitsForPeer reports whether c waits for its peer and not for the thread: a
// receive is under way, and nothing else is. Only a request that was begun is to
// be finished whatever answers are due.
func (t *Thread) waitsForPeer(c *conn) bool {
	return c.receiving && (c.partial.block != blocks.None || c.inFlight == 0 && c.out.size == 0 && c.sending.block == blocks.None)
}

// restart begins a peer's time anew: it has begun another request, or has what it
// asked for.
func (t *Thread) restart(c *conn) { c.since, c.paused = t.ticks, t.ticks }
