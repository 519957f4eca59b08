//go:build linux

package epollio

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// look asks epoll which descriptors are ready. It waits for one, or for the tick,
// if wait is set; a signal may end the wait early.
func (b *Backend) look(wait bool) error {
	n, errno := b.ask(wait)
	b.looked = true
	if errno != 0 && errno != unix.EINTR {
		return fmt.Errorf("epoll_wait: %w", errno)
	}
	for i := range n {
		b.note(&b.found[i])
	}
	return nil
}

func (b *Backend) ask(wait bool) (int, unix.Errno) {
	if !wait {
		return askNow(b.epoll, b.found)
	}
	timeout := time.Duration(-1)
	if b.ticking {
		b.unlooked = 0 // so that the tick is seen when it ends the wait
		timeout = max(0, b.deadline-b.now())
	}
	if !b.coarse {
		n, errno := waitFine(b.epoll, b.found, timeout)
		// A filter of system calls that does not know this one may answer EPERM.
		b.coarse = errno == unix.ENOSYS || errno == unix.EPERM
		if !b.coarse {
			return n, errno
		}
	}
	return waitCoarse(b.epoll, b.found, timeout)
}
