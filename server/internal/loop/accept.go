//go:build linux

package loop

import (
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
)

// acceptState says whether a listener accepts.
type acceptState uint8

const (
	resting   acceptState = iota // backs off until a tick or until a connection closes
	accepting                    // an accept is in flight
	ended                        // the listener is closed
)

// listener is a Listener and its state. Its index in Thread.listeners is the key of its
// accept.
type listener struct {
	Listener
	state acceptState
}

// armAccepts arms an accept for each listener that is resting.
func (t *Thread) armAccepts() {
	if t.resting == 0 || t.draining {
		return
	}
	for i := range t.listeners {
		if t.listeners[i].state == resting {
			t.armAccept(i)
		}
	}
}

func (t *Thread) armAccept(i int) {
	l := &t.listeners[i]
	t.prepare(netio.Op{Code: netio.Accept, Key: uint64(i), FD: l.FD, Shared: l.Shared})
	t.setState(l, accepting)
}

func (t *Thread) setState(l *listener, state acceptState) {
	if l.state == resting {
		t.resting--
	}
	l.state = state
	switch state {
	case resting:
		t.resting++
	case ended:
		t.listening--
	}
}

// accepted handles a new connection of listener i, or the end of its accept.
func (t *Thread) accepted(i int, e *netio.Event) {
	l := &t.listeners[i]
	took := e.Outcome == netio.Done || e.Outcome == netio.DoneMore
	if took {
		t.adopt(l, e.N)
	}
	if e.Outcome == netio.DoneMore {
		return
	}
	t.setState(l, resting)
	switch {
	case t.draining:
		t.acceptQueued(l)
	case took:
		t.armAccept(i)
	default:
		// The process is out of descriptors or memory, for example. Accepting again at
		// once would fail again and burn the CPU, so the listener rests until a tick.
		t.tally.AcceptErrors++
	}
}

// adopt gives a connection a slot. It closes the connection if its peer is not allowed
// or if the server already has as many connections as it may have. Whether a peer behind a
// balancer is allowed shows in its PROXY header.
func (t *Thread) adopt(l *listener, fd int32) {
	var peer netip.Addr
	if l.TCP && len(t.cfg.Allow)+len(t.cfg.Proxies) > 0 {
		peer = t.backend.Peer(fd)
	}
	proxied := contain(t.cfg.Proxies, peer)
	if !proxied && l.TCP && !t.allows(peer) {
		t.tally.Denied++
		t.closeFD(fd)
		return
	}
	key, ok := slab.Key(0), t.cfg.Conns.Add(1) <= int64(t.cfg.Limits.Conns)
	if ok {
		key, ok = t.conns.Insert(newConn(fd)) // false when slots are worn out, after billions of connections
	}
	if !ok {
		t.cfg.Conns.Add(-1)
		t.tally.Refused++
		t.closeFD(fd)
		return
	}
	t.tally.Accepted++
	c := t.conns.Get(key)
	c.key, c.born = key, t.ticks
	c.dismissed = t.draining && t.cfg.Limits.SpreadTicks == 0
	t.restartTimeout(c)
	t.markDirty(c)
	switch {
	case proxied:
		t.awaitHeader(c)
	case l.TCP && len(t.cfg.Proxies) > 0 && !peer.IsValid():
		t.close(c) // the peer is gone, and nothing tells whether it had to send a header
	}
}

// drainListeners ends accepting. A listener that is resting ends at once; one with an
// accept in flight ends when the cancelled accept does.
func (t *Thread) drainListeners() {
	for i := range t.listeners {
		switch l := &t.listeners[i]; l.state {
		case accepting:
			t.cancel(uint64(i), l.FD, netio.Accept)
		case resting:
			t.acceptQueued(l)
		}
	}
}

// acceptQueued accepts the connections that are already in the listener's queue, because
// their peers may have sent requests, and then closes the listener. It accepts at most
// one queue's worth: a drain must end even if peers never stop connecting.
func (t *Thread) acceptQueued(l *listener) {
	for range netio.Backlog + 1 { // Linux queues one more than the backlog
		fd, outcome := t.backend.AcceptNow(l.FD)
		if outcome != netio.Done {
			if outcome == netio.Failed {
				t.tally.AcceptErrors++
			}
			break
		}
		t.adopt(l, fd)
	}
	t.endListener(l)
}

// endListener closes a listener on which no operation is in flight.
func (t *Thread) endListener(l *listener) {
	if l.state != ended {
		t.backend.CloseNow(l.FD)
		t.setState(l, ended)
	}
}

func (t *Thread) endListeners() {
	for i := range t.listeners {
		t.endListener(&t.listeners[i])
	}
}
