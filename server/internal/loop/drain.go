//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
)

// Stop asks the thread to drain: to stop accepting, read what has arrived, answer it and
// close. A version 2 connection closes after its peer's FIN. The thread spreads the ends of connections
// over Limits.SpreadTicks, and then waits silenceTicks for silent ones. Any goroutine may call Stop, and
// must then wake the thread.
func (t *Thread) Stop() { t.stop.CompareAndSwap(0, stopDrain) }

// Abort asks the thread to close every connection now. Any goroutine may call it, and must
// then wake the thread. A later Stop does not weaken it.
func (t *Thread) Abort() { t.stop.Store(stopAbort) }

// checkStop carries out what Stop and Abort asked for.
func (t *Thread) checkStop() {
	asked := t.stop.Load()
	if asked != 0 && !t.draining {
		t.drain()
	}
	if asked == stopAbort {
		for _, c := range t.conns.All() { // those accepted since the last turn, too
			if c.phase != closing && !c.idles() {
				t.cut.Store(true)
			}
			t.close(c)
		}
	}
}

// Cut reports whether an Abort closed a connection that had not got all its answers. Any
// goroutine may call it.
func (t *Thread) Cut() bool { return t.cut.Load() }

func (t *Thread) drain() {
	t.draining, t.patience = true, silenceTicks
	t.drainListeners()
	if t.spread.ticks = t.cfg.Limits.SpreadTicks; t.spread.ticks > 0 {
		return // dismissSome goes on
	}
	for _, c := range t.conns.All() {
		t.dismiss(c)
	}
}

// spread is how far a drain is that dismisses a part of the connections after each tick.
type spread struct {
	ticks       uint32 // how many are left; 0: all connections are dismissed, or no drain has begun
	conns, told int    // connections when the first tick ended, and how many of them were dismissed
	slot        int    // no connection before it is still to be dismissed
}

// dismissSome dismisses the next connections of a spread, in the order of their slots, after a tick.
// Each tick has an equal share. The first one comes when the listeners are closed, because no
// connection is accepted after that. If connections end by themselves, the last ones come earlier.
func (t *Thread) dismissSome() {
	s, all := &t.spread, t.cfg.Limits.SpreadTicks
	if s.ticks == 0 || t.listening > 0 {
		return
	}
	if s.ticks == all {
		s.conns = t.conns.Len()
	}
	s.ticks--
	due := s.conns * int(all-s.ticks) / int(all)
	for key, c := range t.conns.Range(s.slot, t.conns.Cap()) {
		if s.told == due {
			break
		}
		t.dismiss(c)
		s.slot = key.Index() + 1
		s.told++
	}
}

// dismiss begins the end of a connection, in a drain or because of its age. A version 2 connection
// gets the notice that the server is going away, and reads on until the peer's FIN. One of
// version 1 reads what has arrived, and ends when that is answered. A silent one reads on as well,
// until it turns out to be one or the other, or the thread's patience ends.
func (t *Thread) dismiss(c *conn) {
	if c.phase != open || c.dismissed {
		return
	}
	c.dismissed = true
	switch {
	case c.awaitsHello(): // greet sends the notice
	case c.silent() && t.patience > 0: // as before; the end of its receive would restart its timeout
	case c.version == 2:
		t.sendGoingAway(c)
	case c.receiving:
		t.cancel(uint64(c.key), c.fd, netio.Receive) // then arm asks how much is left to read
	}
}

// silenceTicks is how long a drain waits for the first bytes of a silent connection: a second. The peer
// may just have connected, and its hello may still be on its way. The time suffices if TCP must send
// the hello twice.
const silenceTicks = 10

// endSilence counts the ticks of the thread's patience once all connections are dismissed. When none is
// left, it makes arm ask whether anything has arrived on the silent connections.
func (t *Thread) endSilence() {
	if t.patience == 0 || t.spread.ticks > 0 || t.listening > 0 {
		return
	}
	if t.patience--; t.patience > 0 {
		return
	}
	for _, c := range t.conns.All() {
		if c.phase == open && c.silent() && c.receiving {
			t.cancel(uint64(c.key), c.fd, netio.Receive)
		}
	}
}

// drained reports whether c, which is dismissed, has read everything that had arrived by then. What
// arrives later is not read: a drain must end even if a peer never stops sending. A silent connection
// reads on while the thread has patience, and then to the end of what has arrived.
func (t *Thread) drained(c *conn) bool {
	if c.measured {
		return c.unread == 0
	}
	if c.silent() && t.patience > 0 {
		return false
	}
	c.measured = !c.silent()
	c.unread = uint32(t.backend.Unread(c.fd))
	c.more = c.unread > 0
	return c.unread == 0
}

// dropLate drops from the receive buffer of c, which is dismissed, what arrived later.
func (t *Thread) dropLate(c *conn) {
	h := &c.held
	late := h.hi - min(h.hi, c.unread)
	c.received -= uint64(late)
	h.hi -= late
	c.unread -= min(c.unread, h.hi)
}

// done reports whether the thread may end: no listener, connection or request is left.
func (t *Thread) done() bool {
	return t.listening == 0 && t.conns.Len() == 0 && t.inFlight == 0
}

// abandon closes every descriptor after a turn failed, or after the model has ended the
// goroutine, so that peers do not wait and the port is free. It carries out the closes of
// untaken, which are the operations that the backend did not take, and no others: a descriptor
// that the backend has closed may be in use again by now.
func (t *Thread) abandon(untaken []netio.Op) {
	t.endListeners()
	for _, e := range t.events[t.handled:] {
		if e.Code == netio.Accept && (e.Outcome == netio.Done || e.Outcome == netio.DoneMore) {
			t.backend.CloseNow(e.N)
		}
	}
	for _, op := range untaken {
		if op.Code == netio.Close {
			t.backend.CloseNow(op.FD)
		}
	}
	for _, c := range t.conns.All() {
		t.backend.CloseNow(c.fd)
	}
}
