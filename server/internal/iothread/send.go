//go:build linux

package iothread

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

const (
	// sendFlags ask for all or a completion that says how much.
	sendFlags = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
	sendNow   = sendFlags | unix.MSG_DONTWAIT
)

// send hands c's output to the kernel. The socket nearly always takes it all at
// once; then there is no completion, and settleSends frees the buffer.
func (t *Thread) send(c *conn) {
	c.sending = sending{block: c.out.block, hi: c.out.size}
	c.out = output{block: blocks.None}
	op := t.prepareSend(c, opSend, sendNow)
	op.Flags |= uring.SQECQESkipSuccess
	t.sent = append(t.sent, c.key)
}

func (t *Thread) prepareSend(c *conn, code uint8, flags uint32) *uring.SQE {
	s := &c.sending
	data := t.outputs.Bytes(s.block)[s.lo:s.hi]
	op := t.next()
	op.PrepareSend(int(c.fd), pointer(&data[0]), len(data), flags)
	op.UserData = c.key.Pack(code)
	c.ops++
	return op
}

// refused notes that the socket did not take all of a send: res bytes of it, or
// none. The connection is alive: the send counts as the kernel's until
// settleSends.
func (t *Thread) refused(c *conn, res int32) {
	switch {
	case res >= 0:
		c.sending.lo += uint32(res)
		c.blocked = true
	case -res == int32(unix.EAGAIN), -res == int32(unix.EINTR):
		c.blocked = true
	default:
		t.close(c)
	}
}

// settleSends ends the sends of the turn that has just been completed. What a
// socket did not take goes to the kernel as a send that waits.
func (t *Thread) settleSends() {
	for _, key := range t.sent {
		c := t.conns.Get(key)
		c.ops--
		t.touch(c)
		switch {
		case c.phase == closing:
			c.blocked = false
		case c.blocked:
			t.prepareSend(c, opSendRest, sendFlags)
		default:
			t.dropSending(c)
		}
	}
	t.sent, t.sequel = t.sent[:0], false
}

// sentRest takes the outcome of a send that waited.
func (t *Thread) sentRest(c *conn, res int32) {
	c.ops--
	c.blocked = false
	t.touch(c)
	if c.phase == closing {
		return
	}
	if res <= 0 && -res != int32(unix.EINTR) {
		t.close(c)
		return
	}
	c.sending.lo += uint32(max(res, 0))
	if c.sending.lo < c.sending.hi {
		c.blocked = true
		t.prepareSend(c, opSendRest, sendFlags)
		return
	}
	t.dropSending(c)
}

func (t *Thread) dropSending(c *conn) {
	if c.sending.block != blocks.None {
		t.outputs.Put(c.sending.block)
		c.sending = sending{block: blocks.None}
		if c.partial.block == blocks.None {
			t.restart(c)
		}
	}
}
