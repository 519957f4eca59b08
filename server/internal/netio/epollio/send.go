//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// send carries out a Send.
func (b *Backend) send(op *netio.Op) {
	n, errno := send(op.FD, op.Data)
	switch {
	case n == len(op.Data):
	case n > 0:
		b.complete(op.Key, netio.Send, netio.Done, n)
	case errno == unix.EAGAIN, errno == unix.EINTR:
		b.complete(op.Key, netio.Send, netio.Interrupted, 0)
	default:
		b.complete(op.Key, netio.Send, netio.Failed, 0)
	}
}

func (b *Backend) beginRest(op *netio.Op) {
	d, err := b.register(op.FD, stream)
	if err == nil && d.kind == local && !d.watchesRoom {
		d.watchesRoom = true
		err = b.control(unix.EPOLL_CTL_MOD, op.FD, d) // epoll also reports room that is already there
	}
	if err != nil {
		b.complete(op.Key, netio.SendRest, netio.Failed, 0)
		return
	}
	if d.outputActive {
		panic(fmt.Sprintf("epollio: descriptor %d has a send", op.FD))
	}
	d.outputActive, d.output, d.rest, d.sent = true, op.Key, op.Data, 0
	b.enqueueIfReady(op.FD, d)
}

// sendRest continues a SendRest on a socket that seems to have room.
func (b *Backend) sendRest(fd int32, d *descriptor) {
	n, errno := send(fd, d.rest)
	switch {
	case n == len(d.rest):
		b.endRest(d, netio.Done, int(d.sent)+n)
	case n > 0:
		d.rest = d.rest[n:]
		d.sent += int32(n)
		d.writable = false
	case errno == unix.EAGAIN:
		d.writable = false
	case errno != unix.EINTR:
		b.endRest(d, netio.Failed, 0)
	}
}

// endRest ends a SendRest.
func (b *Backend) endRest(d *descriptor, outcome netio.Outcome, n int) {
	d.outputActive, d.rest = false, nil
	b.complete(d.output, netio.SendRest, outcome, n)
}
