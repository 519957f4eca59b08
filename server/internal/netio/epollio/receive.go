//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func (b *Backend) beginReceive(op *netio.Op) {
	d, err := b.register(op.FD, stream)
	if err != nil {
		b.complete(op.Key, netio.Receive, netio.Failed, 0)
		return
	}
	if d.inputActive {
		panic(fmt.Sprintf("epollio: descriptor %d has a receive", op.FD))
	}
	d.inputActive, d.input, d.dropping = true, op.Key, op.Drop
	d.readable = d.readable || op.Ready
	b.enqueueIfReady(op.FD, d)
}

// receive attempts a receive on a socket that seems to have input. If no buffer is free, the
// socket stays queued.
func (b *Backend) receive(fd int32, d *descriptor) {
	if d.dropping {
		n, errno := drop(fd, b.discard)
		b.received(d, n, errno, len(b.discard), netio.NoBuffer)
		return
	}
	id, ok := b.takeBuffer()
	if !ok {
		return
	}
	n, errno := receive(fd, b.Buffer(id, b.receiveBytes))
	if n <= 0 {
		b.Recycle(id)
		id = netio.NoBuffer
	}
	b.received(d, n, errno, b.receiveBytes, id)
}

// received handles an attempt that received n bytes into room for so many.
func (b *Backend) received(d *descriptor, n int, errno unix.Errno, room int, buffer int16) {
	e := netio.Event{Key: d.input, Code: netio.Receive, Outcome: netio.Done, Buffer: buffer}
	switch {
	case errno == unix.EINTR:
		return
	case errno == unix.EAGAIN:
		d.readable = false
		return
	case errno != 0:
		e.Outcome = netio.Failed
	case n == room:
		e.N, e.Outcome = int32(n), netio.DoneMore
	default:
		e.N = int32(n)
		// A receive on an AF_UNIX socket may stop early, too: where another process's
		// input begins, or where a descriptor was passed.
		d.readable = d.ended || d.kind == local
	}
	d.inputActive = false
	b.events = append(b.events, e)
}

// failStarved ends the receives that found no free buffer. Only the caller can return a
// buffer, and it may be waiting for an event before it does.
func (b *Backend) failStarved() {
	for n := b.ready.size; n > 0; n-- {
		fd := b.ready.pop()
		d := &b.table[fd]
		d.queued = false
		if d.inputActive && d.readable && !d.dropping && (d.kind == stream || d.kind == local) {
			d.inputActive = false
			b.complete(d.input, netio.Receive, netio.Starved, 0)
		}
		b.enqueueIfReady(fd, d)
	}
}
