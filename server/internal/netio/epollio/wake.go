//go:build linux

package epollio

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
)

// beginWake starts to wait for an eventfd. If that fails, the turn fails: a thread that
// cannot be woken cannot go on.
func (b *Backend) beginWake(op *netio.Op) {
	d, err := b.register(op.FD, counter)
	if err != nil {
		b.err = fmt.Errorf("epoll does not watch the eventfd: %w", err)
		return
	}
	d.inputActive, d.input = true, op.Key
	b.enqueueIfReady(op.FD, d)
}

// wake reads an eventfd. The read does not block: epoll has reported the signal, and no one
// else reads this eventfd.
func (b *Backend) wake(fd int32, d *descriptor) {
	readCount(fd)
	d.inputActive, d.readable = false, false
	b.complete(d.input, netio.Wake, netio.Done, 0)
}
