//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// arm starts a receive for c, if c may receive and has none in flight. If c is dismissed, it ends
// c's input instead once c has read everything that had arrived.
func (t *Thread) arm(c *conn) {
	if c.receiving || c.held.valid || c.queue != nil || c.eof || !t.hasRoom(c) {
		return
	}
	if c.dismissed && c.version == 1 && c.phase == open && t.drained(c) {
		t.endInput(c)
		return
	}
	t.prepare(netio.Op{Code: netio.Receive, Key: uint64(c.key), FD: c.fd, Ready: c.more})
	c.since += t.ticks - c.paused
	c.receiving = true
	c.ops++
}

// hasRoom reports whether c's output has room for the answers to everything that one receive
// can bring, in addition to the answers already written or reserved. arm starts a
// receive only while there is room: this is the reservation of response space.
func (t *Thread) hasRoom(c *conn) bool {
	return int(c.out.size+c.reserved)+t.readBytes <= t.cfg.Limits.OutputBytes
}

// received handles the end of a receive.
func (t *Thread) received(c *conn, e *netio.Event) {
	c.receiving = false
	c.ops--
	if c.paused = t.ticks; c.partial.block == blocks.None && c.phase == open {
		t.restartTimeout(c)
	}
	t.markDirty(c)
	if e.Buffer != netio.NoBuffer {
		n := int(max(e.N, 0))
		t.holdBuffer(c, e.Buffer, n)
		c.received += uint64(n)
		t.tally.ReceivedBytes += uint64(n)
	}
	done := e.Outcome == netio.Done || e.Outcome == netio.DoneMore
	switch {
	case done && e.N > 0 && c.phase == open:
		c.more = e.Outcome == netio.DoneMore
		if c.measured {
			t.dropLate(c)
		}
		if t.reading = t.arrived; t.stalled.count > 0 || !t.parse(c) {
			c.stalledIn, c.delivered = t.model, t.arrived
			t.stalled.push(c)
		}
		return
	case done && e.N == 0:
		c.eof = true
		t.endInput(c)
	case done, e.Outcome == netio.Interrupted:
		// flush arms it again, if c goes on receiving
	case e.Outcome == netio.Starved:
		t.tally.BuffersExhausted++
		if c.phase == open {
			t.starved.push(c)
		}
	default:
		t.close(c)
	}
	t.releaseBuffer(c)
}

// endInput stops reading requests from c, because its peer sends no more or may send no more.
func (t *Thread) endInput(c *conn) {
	if c.phase == open {
		c.phase = answering
	}
}

// armStarved lends buffers to the backend. Then it arms receives that were waiting for a
// buffer, first come, first served. It arms at most as many receives as buffers are lent:
// any more would find no buffer again and go to the end of the queue.
func (t *Thread) armStarved() {
	t.lend()
	for free := t.lent; free > 0 && t.starved.count > 0; free-- {
		// These receives are armed before those that flush arms, and take a buffer at
		// once. So the connections that have just been served do not get the buffers.
		c := t.starved.front()
		c.leave()
		c.more = true
		t.arm(c)
		t.markDirty(c)
	}
}
