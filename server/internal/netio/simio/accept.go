//go:build linux

package simio

import "github.com/disrust/disrust/server/internal/netio"

// listener is a socket to which peers connect.
type listener struct {
	open    bool
	backlog []*Socket // connections that wait to be accepted
	failed  bool      // an accept failed, so the machine must wait for a tick or a close
}

// ListenerFD returns the descriptor of the i-th listener.
func ListenerFD(i int) int32 { return firstListenerFD + int32(i) }

// listener returns the listener of a descriptor, or nil.
func (k *Kernel) listener(fd int32) *listener {
	if i := int(fd - firstListenerFD); i >= 0 && i < len(k.listeners) {
		return &k.listeners[i]
	}
	return nil
}

// Listening reports whether the i-th listener is open.
func (k *Kernel) Listening(i int) bool { return k.listeners[i].open }

// Waiting returns how many connections wait to be accepted.
func (k *Kernel) Waiting() (count int) {
	for i := range k.listeners {
		count += len(k.listeners[i].backlog)
	}
	return count
}

// Connect queues a socket at the i-th listener.
func (k *Kernel) Connect(i int, s *Socket) {
	s.kernel, s.FD = k, -1
	l := &k.listeners[i]
	l.backlog = append(l.backlog, s)
}

// AcceptNow implements [netio.Backend].
func (k *Kernel) AcceptNow(fd int32) (int32, netio.Outcome) {
	l := k.listener(fd)
	k.mustNotAccept(fd, "accepts")
	if l == nil || !l.open {
		k.world.Fail("accepts on descriptor %d, which is not an open listener", fd)
	}
	k.world.Interleave()
	switch {
	case len(l.backlog) == 0:
		return -1, netio.Interrupted
	case k.Full():
		k.AcceptErrs++
		return -1, netio.Failed
	}
	conn := k.install(l)
	k.open(conn).Peer.Accepted()
	return conn, netio.Done
}

// mustNotAccept fails if an accept is in flight on the listener.
func (k *Kernel) mustNotAccept(fd int32, what string) {
	for _, o := range k.inFlight {
		if o.Code == netio.Accept && o.FD == fd && !k.Refuses {
			k.world.Fail("%s while an accept is in flight", what)
		}
	}
}

// CloseNow implements [netio.Backend]. It closes a listener and resets the connections that
// wait to be accepted.
func (k *Kernel) CloseNow(fd int32) {
	l := k.listener(fd)
	if k.Refuses && l == nil {
		k.open(fd).close()
		k.sockets[fd-firstFD] = nil
		return
	}
	if l == nil || !l.open {
		k.world.Fail("closes descriptor %d, which is not an open listener", fd)
	}
	k.mustNotAccept(fd, "listener closed")
	if len(l.backlog) > 0 && !k.Full() && !k.Refuses {
		k.world.Fail("listener closed with %d connections waiting to be accepted", len(l.backlog))
	}
	l.open = false
	for _, s := range l.backlog {
		s.Closed, s.Reset = true, true
	}
	l.backlog = nil
}

// accept accepts a connection, or ends with an error.
func (k *Kernel) accept(o *Operation) {
	l := k.listener(o.FD)
	switch {
	case o.cancelled && (len(l.backlog) == 0 || k.OneIn(2)):
		k.finish(o, netio.Interrupted, 0)
		return
	case k.AcceptErrs < k.AcceptErrors && k.OneIn(k.AcceptFails), k.Full():
		k.finish(o, netio.Failed, 0)
		return
	}
	conn := k.install(l)
	if k.OneIn(k.AcceptEnds) {
		k.finish(o, netio.Done, conn)
		return
	}
	k.post(o, netio.DoneMore, conn)
}

// install gives the next connection the lowest free descriptor, as Linux does. So the next
// connection reuses a descriptor that was just closed.
func (k *Kernel) install(l *listener) int32 {
	s := l.backlog[0]
	l.backlog = l.backlog[1:]
	i := 0
	for i < len(k.sockets) && k.sockets[i] != nil {
		i++
	}
	if i == len(k.sockets) {
		k.sockets = append(k.sockets, nil)
	}
	s.FD = firstFD + i
	k.sockets[i] = s
	k.accepted = append(k.accepted, s)
	k.world.Note("kernel: accepts peer %d on descriptor %d", s.Peer.Name(), s.FD)
	return int32(s.FD)
}

// noteAccept notes that an event of an accept reaches the thread.
func (k *Kernel) noteAccept(e *netio.Event) {
	l := &k.listeners[e.Key]
	l.failed = e.Outcome != netio.Done && e.Outcome != netio.DoneMore
	if l.failed {
		k.AcceptErrs++
		return
	}
	k.open(e.N).Peer.Accepted()
}

// allowRetries allows accepts again on listeners where one has failed.
func (k *Kernel) allowRetries() {
	for i := range k.listeners {
		k.listeners[i].failed = false
	}
}

// Full reports whether the process may not open another descriptor.
func (k *Kernel) Full() bool { return k.Connections() >= k.Descriptors }
