//go:build linux

package iothread

import (
	"net/netip"
	"slices"

	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// acceptState is where accepting stands.
type acceptState uint8

const (
	resting   acceptState = iota // waits for a tick or for a closed connection
	accepting                    // the kernel accepts
	ended                        // the listener is closed
)

// Backlog is how many connections may wait to be accepted; the kernel lowers it to
// net.core.somaxconn.
const Backlog = 4096

// armAccept has the kernel accept connections until it fails to.
func (t *Thread) armAccept() {
	if t.accept != resting || t.draining {
		return
	}
	op := t.next()
	op.PrepareMultishotAccept(t.cfg.Listener, unix.SOCK_CLOEXEC)
	op.UserData = slab.Key(0).Pack(opAccept)
	t.accept = accepting
}

// accepted takes a new connection, or the end of the accept.
func (t *Thread) accepted(e *uring.CQE) {
	if e.Res >= 0 {
		t.welcome(e.Res)
	}
	if e.More() {
		return
	}
	t.accept = resting
	switch {
	case t.draining:
		t.lastAccepts()
	case e.Res >= 0:
		t.armAccept()
	default:
		// Out of descriptors or memory, say. Accepting again at once would fail at
		// once again, and burn the CPU: it rests until a tick.
		t.tally.acceptErrors++
	}
}

// welcome gives a connection a slot, or closes it when its peer is not allowed or
// there are as many as are allowed.
func (t *Thread) welcome(fd int32) {
	if !t.allows(fd) {
		t.tally.denied++
		t.closeFD(int(fd))
		return
	}
	key, ok := slab.Key(0), t.cfg.Conns.Add(1) <= int64(t.cfg.Limits.Conns)
	if ok {
		key, ok = t.conns.Insert(newConn(fd)) // false when slots are worn out, after billions of connections
	}
	if !ok {
		t.cfg.Conns.Add(-1)
		t.tally.refused++
		t.closeFD(int(fd))
		return
	}
	t.tally.accepted++
	c := t.conns.Get(key)
	c.key = key
	t.restart(c)
	t.touch(c)
}

// allows reports whether the peer of a new connection may ask anything. One that
// has gone already has no address, and will ask nothing.
func (t *Thread) allows(fd int32) bool {
	if len(t.cfg.Allow) == 0 {
		return true
	}
	peer := t.kernel.Peer(fd)
	return !peer.IsValid() || slices.ContainsFunc(t.cfg.Allow, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// lastAccepts takes the connections that are there already, whose peers may have
// asked something, and ends accepting. More than a listener's queue holds have
// come since: a drain must end even if peers never stop connecting.
func (t *Thread) lastAccepts() {
	for range Backlog + 1 { // Linux takes one more
		fd, err := t.kernel.Accept(t.cfg.Listener)
		if err != nil {
			if err != unix.EAGAIN {
				t.tally.acceptErrors++
			}
			break
		}
		t.welcome(fd)
	}
	t.endAccept()
}

// endAccept closes the listener, on which the kernel has no operation.
func (t *Thread) endAccept() {
	if t.accept != ended {
		t.kernel.Close(t.cfg.Listener)
		t.accept = ended
	}
}
