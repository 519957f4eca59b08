//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// send hands c's output to the backend. The socket nearly always takes all of it at once.
// Then there is no event, and settleSends frees the block.
func (t *Thread) send(c *conn) {
	t.tally.SentBytes += uint64(c.out.size)
	t.release(c)
	c.sending = sending{block: c.out.block, hi: c.out.size}
	c.out = output{block: blocks.None}
	t.prepareSend(c, netio.Send)
	t.unsettled = append(t.unsettled, c.key)
}

func (t *Thread) prepareSend(c *conn, code netio.Code) {
	s := &c.sending
	t.prepare(netio.Op{Code: code, Key: uint64(c.key), FD: c.fd, Data: t.outputs.Bytes(s.block)[s.lo:s.hi]})
	c.ops++
}

// sendShort handles a send of which the socket did not take everything. The send still counts
// as an operation, so the connection's slot stays in use until settleSends.
func (t *Thread) sendShort(c *conn, e *netio.Event) {
	switch e.Outcome {
	case netio.Done:
		c.sending.lo += uint32(e.N)
		c.blocked = true
	case netio.Interrupted:
		c.blocked = true
	default:
		t.close(c)
	}
}

// settleSends ends the sends that the current turn submitted. If a socket did not take
// everything, settleSends prepares a SendRest for the rest.
func (t *Thread) settleSends() {
	for _, key := range t.unsettled {
		c := t.conns.Get(key)
		c.ops--
		t.markDirty(c)
		switch {
		case c.phase == closing:
			c.blocked = false
		case c.blocked:
			t.prepareSend(c, netio.SendRest)
		default:
			t.dropSending(c)
		}
	}
	t.unsettled, t.runAgain = t.unsettled[:0], false
}

// sentRest handles the end of a SendRest.
func (t *Thread) sentRest(c *conn, e *netio.Event) {
	c.ops--
	c.blocked = false
	t.markDirty(c)
	if c.phase == closing {
		return
	}
	switch {
	case e.Outcome == netio.Done && e.N > 0:
		c.sending.lo += uint32(e.N)
	case e.Outcome != netio.Interrupted:
		t.close(c)
		return
	}
	if c.sending.lo < c.sending.hi {
		c.blocked = true
		t.prepareSend(c, netio.SendRest)
		return
	}
	t.dropSending(c)
}

func (t *Thread) dropSending(c *conn) {
	if c.sending.block != blocks.None {
		t.outputs.Put(c.sending.block)
		c.sending = sending{block: blocks.None}
		if c.partial.block == blocks.None {
			t.restartTimeout(c)
		}
	}
}
