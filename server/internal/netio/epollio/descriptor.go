//go:build linux

package epollio

import "golang.org/x/sys/unix"

// kind is what a registered descriptor stands for.
type kind uint8

const (
	unknown  kind = iota // not registered
	stream               // a TCP socket
	local                // an AF_UNIX socket
	listener             // a listening socket
	counter              // an eventfd
)

// descriptor is what the backend knows of one descriptor. It takes a cache line.
type descriptor struct {
	input  uint64 // key of the operation that takes: a receive, an accept or a wake
	output uint64 // key of the operation that gives: the rest of a send
	rest   []byte // what the socket has not taken of that
	sent   int32  // what it has

	generation uint32 // of the number: a close begins the next
	kind       kind

	taking   bool // the operation that takes is under way
	giving   bool // the operation that gives is under way
	dropping bool // the receive takes no buffer
	shared   bool // other threads accept from the listener too
	readable bool // taking is worth an attempt
	writable bool // giving is worth an attempt
	ended    bool // there is something to read after the input: FIN, an error, or urgent data
	watched  bool // epoll tells when it becomes writable
	queued   bool // in Backend.ready, where its number stays even if it is closed
}

// watch registers a descriptor with epoll, unless it is registered.
func (b *Backend) watch(fd int32, k kind) (*descriptor, error) {
	b.reach(fd)
	d := &b.table[fd]
	if d.kind != unknown {
		return d, nil
	}
	if k == listener {
		if err := unix.SetNonblock(int(fd), true); err != nil {
			return d, err
		}
	}
	if k == stream && domain(fd) == unix.AF_UNIX {
		k = local
	}
	d.kind, d.writable, d.watched = k, true, k == stream
	if err := b.control(unix.EPOLL_CTL_ADD, fd, d); err != nil {
		d.kind = unknown
		return d, err
	}
	return d, nil
}

// domain is the address family of a socket.
func domain(fd int32) int {
	family, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
	return family
}

// control tells epoll what to watch a descriptor for.
//
// An AF_UNIX socket is watched for room only once it has been full. Epoll would
// report room each time the peer reads, and wake the thread for nothing.
//
// Urgent data is watched for because a receive stops in front of it: one that
// fills less than its buffer does not show that the socket is empty then.
func (b *Backend) control(operation int, fd int32, d *descriptor) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET, Fd: fd, Pad: int32(d.generation)}
	if d.watched {
		e.Events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(b.epoll, operation, int(fd), &e)
}

// note takes what epoll reports of a descriptor.
func (b *Backend) note(e *unix.EpollEvent) {
	const end = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLPRI
	d := &b.table[e.Fd]
	if d.generation != uint32(e.Pad) {
		return // of a descriptor that is closed
	}
	d.readable = d.readable || e.Events&(unix.EPOLLIN|end) != 0
	d.writable = d.writable || e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0
	d.ended = d.ended || e.Events&end != 0
	b.consider(e.Fd, d)
}

// reach makes the table long enough for a descriptor. It grows only in a process
// that has more descriptors than connections and spareDescriptors.
func (b *Backend) reach(fd int32) {
	if int(fd) < len(b.table) {
		return
	}
	table := make([]descriptor, 2*int(fd))
	copy(table, b.table)
	b.table = table
	b.ready.grow(len(table))
}

// CloseNow implements [netio.Backend]. Closing takes a descriptor out of epoll,
// but for one with a duplicate, as a listener may have.
func (b *Backend) CloseNow(fd int32) {
	if int(fd) < len(b.table) {
		d := &b.table[fd]
		if d.kind == listener {
			unix.EpollCtl(b.epoll, unix.EPOLL_CTL_DEL, int(fd), nil)
		}
		*d = descriptor{generation: d.generation + 1, queued: d.queued}
	}
	closeNow(fd)
}
