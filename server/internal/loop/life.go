//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
)

// settle does what is next for c: send what there is, receive if there is room,
// end when all is done.
func (t *Thread) settle(c *conn) {
	if c.phase == closing {
		t.reap(c)
		return
	}
	sending := c.out.size > 0 && c.sending.block == blocks.None
	if sending {
		t.send(c)
	}
	if c.phase == lingering {
		t.linger(c)
		return
	}
	if c.phase == open {
		t.arm(c) // in a drain, this may be the end of its input
	}
	if c.phase == answering && c.inFlight == 0 && c.sending.block == blocks.None {
		t.finish(c)
	}
	if sending && (c.phase == answering || !c.receiving) {
		t.runAgain = true // the end of the send is the only event to come
	}
}

// finish ends a connection that has all its answers. If the peer may still be
// sending, closing at once would answer that with a reset, which can overtake
// the last answers: the peer gets FIN first, and time to read and close.
func (t *Thread) finish(c *conn) {
	if c.eof {
		t.close(c)
		return
	}
	c.leave() // a connection that failed while it waited to be read
	t.recycle(c)
	c.phase = lingering
	c.since = t.ticks
	t.lingers.push(c)
	t.backend.EndOutput(c.fd)
	t.linger(c)
}

// linger reads and drops what the peer sends until its FIN. Such a receive takes no
// receive buffer from the connections that are served.
func (t *Thread) linger(c *conn) {
	if c.eof {
		t.close(c)
		return
	}
	if c.receiving {
		return
	}
	t.ask(netio.Op{Code: netio.Receive, Key: uint64(c.key), FD: c.fd, Ready: true, Drop: true})
	c.receiving = true
	c.ops++
}

// close ends c now: answers not yet sent are dropped. The slot stays until no
// operation on it is under way.
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
	t.touch(c)
}

func (t *Thread) cancel(key uint64, fd int32, target netio.Code) {
	t.ask(netio.Op{Code: netio.Cancel, Key: key, FD: fd, Target: target})
}

// reap frees what c holds, unless an operation on it is still under way.
func (t *Thread) reap(c *conn) {
	if c.ops > 0 {
		return
	}
	t.recycle(c)
	t.dropPartial(c)
	t.dropSending(c)
	if c.out.block != blocks.None {
		t.outputs.Put(c.out.block)
	}
	t.closeFD(c.fd)
	t.conns.Remove(c.key)
	t.partials.Trim(t.conns.Len() + spareBlocks)
	t.outputs.Trim(outputsEach * (t.conns.Len() + spareBlocks))
	t.cfg.Conns.Add(-1)
	t.tally.Closed++
	t.armAccepts() // those that rest: there is a descriptor again
}

// closeFD closes a descriptor on which no operation is under way.
func (t *Thread) closeFD(fd int32) { t.ask(netio.Op{Code: netio.Close, FD: fd}) }
