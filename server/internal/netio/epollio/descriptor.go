//go:build linux

package epollio

import "golang.org/x/sys/unix"

// kind is the kind of a registered descriptor.
type kind uint8

const (
	unknown  kind = iota // not registered
	stream               // a TCP socket
	local                // an AF_UNIX socket
	listener             // a listening socket
	counter              // an eventfd
)

// descriptor is what the backend knows about one descriptor. Its size is one cache line.
type descriptor struct {
	input  uint64 // key of the input operation: a receive, an accept or a wake
	output uint64 // key of the output operation: a SendRest
	rest   []byte // bytes of the SendRest that the socket has not taken
	sent   int32  // how many bytes of the SendRest the socket has taken

	generation uint32 // of the descriptor number: a close begins the next
	kind       kind

	inputActive  bool // the input operation is in flight
	outputActive bool // the output operation is in flight
	dropping     bool // the receive uses no buffer
	shared       bool // other threads accept from the listener, too
	readable     bool // the input operation may find input: attempt it
	writable     bool // the output operation may find room: attempt it
	ended        bool // something follows the input: FIN, an error or urgent data
	watchesRoom  bool // epoll reports when the descriptor becomes writable
	queued       bool // in Backend.ready; its number stays there even after a close
}

// register registers a descriptor with epoll, unless it is registered already.
func (b *Backend) register(fd int32, k kind) (*descriptor, error) {
	b.growTable(fd)
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
	d.kind, d.writable, d.watchesRoom = k, true, k == stream
	if err := b.control(unix.EPOLL_CTL_ADD, fd, d); err != nil {
		d.kind = unknown
		return d, err
	}
	return d, nil
}

// domain returns the address family of a socket.
func domain(fd int32) int {
	family, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
	return family
}

// control tells epoll which events of a descriptor to report.
//
// For an AF_UNIX socket, epoll reports room only once the socket has been full. Otherwise it
// would report room each time the peer reads, and wake the thread for nothing.
//
// Epoll also reports urgent data, because a receive stops in front of it. Such a receive
// fills less than its buffer although the socket is not empty.
func (b *Backend) control(operation int, fd int32, d *descriptor) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET, Fd: fd, Pad: int32(d.generation)}
	if d.watchesRoom {
		e.Events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(b.epoll, operation, int(fd), &e)
}

// recordEvent records what epoll reports about a descriptor.
func (b *Backend) recordEvent(e *unix.EpollEvent) {
	const end = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLPRI
	d := &b.table[e.Fd]
	if d.generation != uint32(e.Pad) {
		return // the event is stale: that descriptor is closed
	}
	d.readable = d.readable || e.Events&(unix.EPOLLIN|end) != 0
	d.writable = d.writable || e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0
	d.ended = d.ended || e.Events&end != 0
	b.enqueueIfReady(e.Fd, d)
}

// growTable makes the table long enough for a descriptor. The table grows only in a process
// that has more descriptors than its connections and spareDescriptors.
func (b *Backend) growTable(fd int32) {
	if int(fd) < len(b.table) {
		return
	}
	table := make([]descriptor, 2*int(fd))
	copy(table, b.table)
	b.table = table
	b.ready.grow(len(table))
}

// CloseNow implements [netio.Backend]. Closing removes a descriptor from epoll only if it
// has no duplicate. A listener may have one, so it is removed explicitly.
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
