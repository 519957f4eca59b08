//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
)

// beginWake waits for an eventfd. A thread that could not be woken cannot go on.
func (b *Backend) beginWake(op *netio.Op) {
	d, err := b.watch(op.FD, counter)
	if err != nil {
		b.err = fmt.Errorf("epoll does not watch the eventfd: %w", err)
		return
	}
	d.taking, d.input = true, op.Key
	b.consider(op.FD, d)
}

// wake reads an eventfd, which does not block: epoll has said that it was
// signalled, and nobody else reads it.
func (b *Backend) wake(fd int32, d *descriptor) {
	readCount(fd)
	d.taking, d.readable = false, false
	b.complete(d.input, netio.Wake, netio.Done, 0)
}
