//go:build linux

package iothread

import (
	"math"

	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// receive completes a receive.
func (k *kernel) receive(o *operation) {
	s, w := o.socket, k.w
	switch {
	case o.cancelled && (!s.readable() || w.oneIn(2)):
		k.finish(o, -int32(unix.ECANCELED), 0)
		return
	case w.oneIn(w.interrupt):
		k.finish(o, -int32(unix.EINTR), 0)
		return
	case o.Flags&uring.SQEBufferSelect == 0:
		k.discard(o)
		return
	case k.lacksBuffers(), w.oneIn(w.starve):
		if s.starved++; s.starved > maxStarved && w.eager {
			w.fail("peer %d finds no receive buffer, %d times in a row", s.peer.id, s.starved)
		}
		k.finish(o, -int32(unix.ENOBUFS), 0)
		return
	}
	s.starved = 0
	most := ReceiveBytes
	if w.oneIn(w.short) {
		most = w.between(1, max(1, s.arrived-s.received))
	}
	id := k.buffers.free[0]
	n, errno := s.receive(k.buffers.bytes(id), most)
	if errno != 0 || n == 0 && w.oneIn(2) { // the end may come with a buffer or without
		k.finish(o, -int32(errno), 0)
		return
	}
	k.finish(o, int32(n), uint32(k.buffers.lend(n))<<16|uring.CQEBuffer|k.nonEmpty(s))
}

// lacksBuffers notes that there is no receive buffer, if so.
func (k *kernel) lacksBuffers() bool {
	if len(k.buffers.free) > 0 {
		return false
	}
	k.short = true
	k.withheld = k.withheld || len(k.w.thread.spare) > 0
	return true
}

// discard completes a receive that drops what it takes.
func (k *kernel) discard(o *operation) {
	s, to := o.socket, k.w.thread.discards
	if !s.finOut || o.OpFlags != unix.MSG_TRUNC || o.Addr != uint64(uintptr(pointer(&to[0]))) || int(o.Len) != len(to) {
		k.w.fail("discards input of peer %d: FIN sent %t, message flags %#x, %d bytes", s.peer.id, s.finOut, o.OpFlags, o.Len)
	}
	n, errno := s.receive(to, len(to))
	if errno != 0 {
		k.finish(o, -int32(errno), 0)
		return
	}
	k.finish(o, int32(n), k.nonEmpty(s))
}

// nonEmpty says whether there is more to receive, rightly or not.
func (k *kernel) nonEmpty(s *socket) uint32 {
	if more := s.arrived > s.received; more != k.w.oneIn(k.w.mislead) {
		return uring.CQESockNonEmpty
	}
	return 0
}

// sendNow is a send that does not wait: it is over within the turn, and tells of
// it only if it did not take all.
func (k *kernel) sendNow(o *operation) {
	const notWaiting = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL | unix.MSG_WAITALL
	if o.OpFlags != notWaiting || o.Flags != uring.SQECQESkipSuccess {
		k.w.fail("sends with message flags %#x and entry flags %#x", o.OpFlags, o.Flags)
	}
	if errno := o.socket.failure(); errno != 0 {
		k.post(o.UserData, -int32(errno), 0)
		return
	}
	data := k.sendMemory(o)
	switch n := o.socket.take(data, k.most(len(data))); n {
	case len(data):
	case 0:
		k.post(o.UserData, -int32(pick(k.w, unix.EAGAIN, unix.EAGAIN, unix.EINTR)), 0)
	default:
		k.post(o.UserData, int32(n), 0)
	}
}

// most is how much of a send of size bytes the socket takes even if it has space:
// mostly all.
func (k *kernel) most(size int) int {
	if k.w.oneIn(k.w.refuse) {
		return k.w.IntN(size + 1)
	}
	return math.MaxInt
}

// sendRest goes on with a send that waits. The bytes are read when they go.
func (k *kernel) sendRest(o *operation) {
	if o.OpFlags != unix.MSG_NOSIGNAL|unix.MSG_WAITALL {
		k.w.fail("sends a rest with message flags %#x", o.OpFlags)
	}
	data := k.sendMemory(o)
	if o.socket.dead {
		errno := o.socket.failure()
		if o.sent > 0 {
			k.finish(o, int32(o.sent), 0) // the next operation is told
			return
		}
		k.finish(o, -int32(errno), 0)
		return
	}
	rest := data[o.sent:]
	o.sent += o.socket.take(rest, k.most(len(rest)))
	switch {
	case o.sent == len(data), o.sent > 0 && (o.cancelled || k.w.oneIn(k.w.refuse)):
		k.finish(o, int32(o.sent), 0)
	case o.cancelled:
		k.finish(o, -int32(unix.ECANCELED), 0)
	case o.sent == 0 && k.w.oneIn(k.w.refuse):
		k.finish(o, -int32(unix.EINTR), 0)
	}
}

// accept takes a connection, or ends with an error.
func (k *kernel) accept(o *operation) {
	w := k.w
	switch {
	case o.cancelled && (len(k.backlog) == 0 || w.oneIn(2)):
		k.finish(o, -int32(unix.ECANCELED), 0)
		return
	case k.acceptErrs < w.acceptErrors && w.oneIn(w.acceptFails):
		errno := pick(w, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOBUFS, unix.ECONNABORTED, unix.EPROTO, unix.EINTR)
		k.finish(o, -int32(errno), 0)
		return
	case k.full():
		k.finish(o, -int32(unix.EMFILE), 0)
		return
	}
	fd := k.install(k.backlog[0])
	k.backlog = k.backlog[1:]
	if w.oneIn(w.acceptEnds) {
		k.finish(o, fd, 0)
		return
	}
	k.post(o.UserData, fd, uring.CQEMore)
}

// install gives a connection the lowest free descriptor, as the system does: one
// that was closed is the next to be used.
func (k *kernel) install(s *socket) int32 {
	i := 0
	for i < len(k.sockets) && k.sockets[i] != nil {
		i++
	}
	if i == len(k.sockets) {
		k.sockets = append(k.sockets, nil)
	}
	s.fd = firstFD + i
	k.sockets[i] = s
	k.accepted = append(k.accepted, s)
	k.w.note("kernel: accepts peer %d on descriptor %d", s.peer.id, s.fd)
	return int32(s.fd)
}
