//go:build linux

package loop

import (
	"net/netip"
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
)

// acceptState is where accepting from a listener stands.
type acceptState uint8

const (
	resting   acceptState = iota // waits for a tick or for a closed connection
	accepting                    // an accept is under way
	ended                        // the listener is closed
)

// listener is a Listener and where it stands. Its place in Thread.listeners is the key
// of its accept.
type listener struct {
	Listener
	state acceptState
}

// armAccepts accepts connections from each listener that rests, until that fails.
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
	t.ask(netio.Op{Code: netio.Accept, Key: uint64(i), FD: l.FD, Shared: l.Shared})
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

// accepted takes a new connection of listener i, or the end of its accept.
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
		t.lastAccepts(l)
	case took:
		t.armAccept(i)
	default:
		// Out of descriptors or memory, say. Accepting again at once would fail at
		// once again, and burn the CPU: it rests until a tick.
		t.tally.AcceptErrors++
	}
}

// adopt gives a connection a slot, or closes it when its peer is not allowed or
// there are as many as are allowed.
func (t *Thread) adopt(l *listener, fd int32) {
	if l.TCP && !t.allows(fd) {
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
	peer := t.backend.Peer(fd)
	return !peer.IsValid() || slices.ContainsFunc(t.cfg.Allow, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// drainListeners ends accepting: at once where no accept is under way, else with the
// accept.
func (t *Thread) drainListeners() {
	for i := range t.listeners {
		switch l := &t.listeners[i]; l.state {
		case accepting:
			t.cancel(uint64(i), l.FD, netio.Accept)
		case resting:
			t.lastAccepts(l)
		}
	}
}

// lastAccepts takes the connections that are there already, whose peers may have
// asked something, and ends accepting. More than a listener's queue holds have
// come since: a drain must end even if peers never stop connecting.
func (t *Thread) lastAccepts(l *listener) {
	for range netio.Backlog + 1 { // Linux takes one more
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

// endListener closes a listener on which no operation is under way.
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
