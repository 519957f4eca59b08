//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func (b *Backend) beginReceive(op *netio.Op) {
	d, err := b.watch(op.FD, stream)
	if err != nil {
		b.complete(op.Key, netio.Receive, netio.Failed, 0)
		return
	}
	if d.taking {
		panic(fmt.Sprintf("epollio: descriptor %d has a receive", op.FD))
	}
	d.taking, d.input, d.dropping = true, op.Key, op.Drop
	d.readable = d.readable || op.Ready
	b.consider(op.FD, d)
}

// receive attempts a receive on a socket that seems to have input. Without a
// buffer, the socket keeps its place.
func (b *Backend) receive(fd int32, d *descriptor) {
	if d.dropping {
		n, errno := drop(fd, b.discard)
		b.received(d, n, errno, netio.NoBuffer)
		return
	}
	id, ok := b.borrow()
	if !ok {
		return
	}
	n, errno := receive(fd, b.Buffer(id, netio.ReceiveBytes))
	if n <= 0 {
		b.Recycle(id)
		id = netio.NoBuffer
	}
	b.received(d, n, errno, id)
}

// received takes the outcome of an attempt to receive n bytes.
func (b *Backend) received(d *descriptor, n int, errno unix.Errno, buffer int16) {
	e := netio.Event{Key: d.input, Code: netio.Receive, Outcome: netio.Done, Buffer: buffer}
	switch {
	case errno == unix.EINTR:
		return
	case errno == unix.EAGAIN:
		d.readable = false
		return
	case errno != 0:
		e.Outcome = netio.Failed
	case n == netio.ReceiveBytes:
		e.N, e.Outcome = int32(n), netio.DoneMore
	default:
		e.N = int32(n)
		// A receive on an AF_UNIX socket may also stop where another process's
		// input begins, or a descriptor was passed.
		d.readable = d.ended || d.kind == local
	}
	d.taking = false
	b.events = append(b.events, e)
}

// starve ends the receives for which there is no buffer. Only what the caller does
// next brings one, and it would not do anything for want of an event.
func (b *Backend) starve() {
	for n := b.ready.size; n > 0; n-- {
		fd := b.ready.pop()
		d := &b.table[fd]
		d.queued = false
		if d.taking && d.readable && !d.dropping && (d.kind == stream || d.kind == local) {
			d.taking = false
			b.complete(d.input, netio.Receive, netio.Starved, 0)
		}
		b.consider(fd, d)
	}
}
