//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// maxAccepts is how many connections one accept takes before other descriptors have their
// turn.
const maxAccepts = 64

func (b *Backend) beginAccept(op *netio.Op) {
	d, err := b.register(op.FD, listener)
	if err != nil {
		b.complete(op.Key, netio.Accept, netio.Failed, 0)
		return
	}
	if d.inputActive {
		panic(fmt.Sprintf("epollio: descriptor %d has an accept", op.FD))
	}
	d.inputActive, d.input, d.readable, d.shared = true, op.Key, true, op.Shared
	b.enqueueIfReady(op.FD, d)
}

// accept accepts connections until none is left or until it has taken maxAccepts. If other
// threads accept from the same queue, it takes one at a time.
func (b *Backend) accept(fd int32, d *descriptor) {
	limit := maxAccepts
	if d.shared {
		limit = 1
	}
	for range limit {
		conn, errno := accept(fd)
		switch {
		case errno == 0:
			b.complete(d.input, netio.Accept, netio.DoneMore, int(conn))
		case errno == unix.EAGAIN:
			d.readable = false
			return
		case !concernsOneConn(errno):
			d.inputActive = false
			b.complete(d.input, netio.Accept, netio.Failed, 0)
			return
		}
	}
}

// concernsOneConn reports whether an error of accept concerns only one connection, which the
// kernel has dropped. Linux passes errors of the network on to the caller; source: accept(2).
func concernsOneConn(errno unix.Errno) bool {
	switch errno {
	case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.EPERM, unix.ETIMEDOUT, unix.ENETDOWN, unix.ENETUNREACH,
		unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENONET, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
		return true
	}
	return false
}
