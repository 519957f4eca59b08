//go:build linux

package iothread

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
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
		t.sequel = true // the end of the send is the only event to come
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
	t.kernel.EndOutput(c.fd)
	t.linger(c)
}

// linger reads and drops what the peer sends until its FIN. Such a receive copies
// nothing (MSG_TRUNC, tcp(7)) and takes no receive buffer from those who are
// served.
func (t *Thread) linger(c *conn) {
	if c.eof {
		t.close(c)
		return
	}
	if c.receiving {
		return
	}
	op := t.next()
	op.PrepareRecv(int(c.fd), pointer(&t.discards[0]), len(t.discards), unix.MSG_TRUNC)
	op.UserData = c.key.Pack(opRecv)
	c.receiving = true
	c.ops++
}

// close ends c now: answers not yet sent are dropped. The slot stays until the
// kernel has let go of it.
func (t *Thread) close(c *conn) {
	if c.phase == closing {
		return
	}
	c.phase = closing
	c.leave()
	if c.receiving {
		t.cancel(c.key.Pack(opRecv))
	}
	if c.blocked {
		t.cancel(c.key.Pack(opSendRest))
	}
	t.touch(c)
}

func (t *Thread) cancel(userData uint64) {
	op := t.next()
	op.PrepareCancel(userData, 0)
	op.UserData = slab.Key(0).Pack(opIgnore)
}

// reap frees what c holds, unless the kernel still has an operation on it.
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
	t.closeFD(int(c.fd))
	t.conns.Remove(c.key)
	t.partials.Trim(t.conns.Len() + spareBlocks)
	t.outputs.Trim(outputsEach * (t.conns.Len() + spareBlocks))
	t.cfg.Conns.Add(-1)
	t.tally.closed++
	t.armAccept() // if it rests: there is a descriptor again
}

// closeFD closes a descriptor on which the kernel has no operation.
func (t *Thread) closeFD(fd int) {
	op := t.next()
	op.PrepareClose(fd)
	op.Flags |= uring.SQECQESkipSuccess
	op.UserData = slab.Key(0).Pack(opIgnore)
}
