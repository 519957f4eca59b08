//go:build linux

package epollio

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// poll polls epoll for ready descriptors. If wait is set, it waits for one or for the tick; a
// signal may end the wait early.
func (b *Backend) poll(wait bool) error {
	n, errno := b.wait(wait)
	b.polled = true
	if errno != 0 && errno != unix.EINTR {
		return fmt.Errorf("epoll_wait: %w", errno)
	}
	for i := range n {
		b.recordEvent(&b.found[i])
	}
	return nil
}

func (b *Backend) wait(wait bool) (int, unix.Errno) {
	if !wait {
		return pollNow(b.epoll, b.found)
	}
	timeout := time.Duration(-1)
	if b.ticking {
		b.clockPolls = 0 // read the clock after the wait: the tick may have ended it
		timeout = max(0, b.deadline-b.now())
	}
	if !b.coarse {
		n, errno := waitFine(b.epoll, b.found, timeout)
		// A system-call filter that does not know epoll_pwait2 may return EPERM.
		b.coarse = errno == unix.ENOSYS || errno == unix.EPERM
		if !b.coarse {
			return n, errno
		}
	}
	return waitCoarse(b.epoll, b.found, timeout)
}
