//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// mostAccepts is how many connections an accept takes before others have their
// turn.
const mostAccepts = 64

func (b *Backend) beginAccept(op *netio.Op) {
	d, err := b.watch(op.FD, listener)
	if err != nil {
		b.complete(op.Key, netio.Accept, netio.Failed, 0)
		return
	}
	if d.taking {
		panic(fmt.Sprintf("epollio: descriptor %d has an accept", op.FD))
	}
	d.taking, d.input, d.readable, d.shared = true, op.Key, true, op.Shared
	b.consider(op.FD, d)
}

// accept takes connections until there are none, or it has taken enough for now: one,
// of a queue that other threads take from too.
func (b *Backend) accept(fd int32, d *descriptor) {
	most := mostAccepts
	if d.shared {
		most = 1
	}
	for range most {
		conn, errno := accept(fd)
		switch {
		case errno == 0:
			b.complete(d.input, netio.Accept, netio.DoneMore, int(conn))
		case errno == unix.EAGAIN:
			d.readable = false
			return
		case !ofOne(errno):
			d.taking = false
			b.complete(d.input, netio.Accept, netio.Failed, 0)
			return
		}
	}
}

// ofOne reports whether an error of an accept is about one connection, which the
// kernel has dropped. Linux passes on what happened to it on the network; source:
// accept(2).
func ofOne(errno unix.Errno) bool {
	switch errno {
	case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.EPERM, unix.ETIMEDOUT, unix.ENETDOWN, unix.ENETUNREACH,
		unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENONET, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
		return true
	}
	return false
}
