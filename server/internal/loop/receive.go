//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// arm asks for a receive for c, if c may receive and none is under way.
func (t *Thread) arm(c *conn) {
	if c.receiving || c.held.valid || c.queue != nil || c.eof || !t.hasRoom(c) {
		return
	}
	if t.draining && c.phase == open && t.drained(c) {
		t.endInput(c)
		return
	}
	t.ask(netio.Op{Code: netio.Receive, Key: uint64(c.key), FD: c.fd, Ready: c.more})
	c.since += t.ticks - c.paused
	c.receiving = true
	c.ops++
}

// hasRoom reports whether the answers to all that a receive can bring fit beside
// those that are on their way: the reservation of response space.
func (t *Thread) hasRoom(c *conn) bool {
	return int(c.out.size+c.reserved)+t.readBytes <= t.cfg.Limits.OutputBytes
}

// received takes the outcome of a receive.
func (t *Thread) received(c *conn, e *netio.Event) {
	c.receiving = false
	c.ops--
	if c.paused = t.ticks; c.partial.block == blocks.None && c.phase == open {
		t.restart(c)
	}
	t.touch(c)
	if e.Buffer != netio.NoBuffer {
		t.take(c, e.Buffer, int(max(e.N, 0)))
	}
	done := e.Outcome == netio.Done || e.Outcome == netio.DoneMore
	switch {
	case done && e.N > 0 && c.phase == open:
		c.more = e.Outcome == netio.DoneMore
		if c.measured {
			c.held.hi = min(c.held.hi, c.unread)
			c.unread -= c.held.hi
		}
		if t.stalled.count > 0 || !t.parse(c) {
			t.stalled.push(c)
		}
		return
	case done && e.N == 0:
		c.eof = true
		t.endInput(c)
	case done, e.Outcome == netio.Interrupted:
		// flush arms it again, if it is to go on
	case e.Outcome == netio.Starved:
		t.tally.BuffersExhausted++
		if c.phase == open {
			t.starved.push(c)
		}
	default:
		t.close(c)
	}
	t.recycle(c)
}

// endInput is the end of what c's peer asks, or of what it may ask.
func (t *Thread) endInput(c *conn) {
	if c.phase == open {
		c.phase = answering
	}
}

// armStarved lends buffers to the backend and arms as many receives that were waiting for
// one, first come, first served: of more, some would find none again and be last.
func (t *Thread) armStarved() {
	t.lend()
	for free := t.lent; free > 0 && t.starved.count > 0; free-- {
		// Armed here, it is ahead of all that flush arms, and takes a buffer at
		// once: the connections that have just been served do not win again.
		c := t.starved.front()
		c.leave()
		c.more = true
		t.arm(c)
		t.touch(c)
	}
}
