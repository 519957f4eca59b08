//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// advance takes c's next steps: send its output, receive if there is room, finish when all
// its answers are sent, and free its slot when it is closing.
func (t *Thread) advance(c *conn) {
	if c.phase == closing {
		t.reap(c)
		return
	}
	if c.denying && c.inFlight == 0 {
		t.deny(c)
	}
	sending := c.out.size > 0 && c.sending.block == blocks.None
	if sending {
		t.send(c)
	} else if c.out.size > 0 {
		t.heldBack = true
	}
	if c.phase == lingering {
		t.linger(c)
		return
	}
	if c.phase == open {
		t.arm(c) // if c is dismissed, this may be the end of its input
	}
	if c.phase == answering && c.inFlight == 0 && c.sending.block == blocks.None {
		t.finish(c)
	}
	if sending && (c.phase == answering || !c.receiving) {
		t.runAgain = true // no event will tell that the send has ended
	}
}

// finish ends a connection whose answers are all sent. If the thread closed the socket while
// the peer was still sending, the kernel would answer with a reset, which can overtake the
// last answers. So the thread sends FIN first and gives the peer time to read and close.
func (t *Thread) finish(c *conn) {
	if c.eof {
		t.close(c)
		return
	}
	c.leave() // it may have been stalled when the model failed for it
	t.releaseBuffer(c)
	c.phase = lingering
	c.since = t.ticks
	t.lingers.push(c)
	t.backend.EndOutput(c.fd)
	t.linger(c)
}

// linger reads and drops what the peer sends, until its FIN. Such a receive uses no
// receive buffer, so it takes none from connections that are served.
func (t *Thread) linger(c *conn) {
	if c.eof {
		t.close(c)
		return
	}
	if c.receiving {
		return
	}
	t.prepare(netio.Op{Code: netio.Receive, Key: uint64(c.key), FD: c.fd, Ready: true, Drop: true})
	c.receiving = true
	c.ops++
}

// close ends c now and drops the answers not yet sent. The slot stays in use until no
// operation on it is in flight.
func (t *Thread) close(c *conn) {
	if c.phase == closing {
		return
	}
	c.phase = closing
	c.leave()
	if c.receiving {
		t.cancel(uint64(c.key), c.fd, netio.Receive)
	}
	if c.blocked {
		t.cancel(uint64(c.key), c.fd, netio.SendRest)
	}
	t.markDirty(c)
}

func (t *Thread) cancel(key uint64, fd int32, target netio.Code) {
	t.prepare(netio.Op{Code: netio.Cancel, Key: key, FD: fd, Target: target})
}

// reap closes c's descriptor and frees everything it holds, unless an operation on it is
// still in flight.
func (t *Thread) reap(c *conn) {
	if c.ops > 0 {
		return
	}
	t.releaseBuffer(c)
	t.dropPartial(c)
	t.dropSending(c)
	if c.out.block != blocks.None {
		t.outputs.Put(c.out.block)
	}
	t.release(c)
	t.closeFD(c.fd)
	t.conns.Remove(c.key)
	t.partials.Trim(t.conns.Len() + spareBlocks)
	t.outputs.Trim(outputsPerConn * (t.conns.Len() + spareBlocks))
	t.cfg.Conns.Add(-1)
	t.tally.Closed++
	t.armAccepts() // a resting listener can accept again: a descriptor is free
}

// closeFD closes a descriptor on which no operation is in flight.
func (t *Thread) closeFD(fd int32) { t.prepare(netio.Op{Code: netio.Close, FD: fd}) }
