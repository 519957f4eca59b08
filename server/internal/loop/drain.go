//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
)

// Stop asks the thread to drain: to stop accepting, read what has arrived,
// answer it and close. Any goroutine may call it, and must then wake the thread.
func (t *Thread) Stop() { t.stop.CompareAndSwap(0, stopDrain) }

// Abort asks the thread to close every connection now. As Stop; it is not taken
// back.
func (t *Thread) Abort() { t.stop.Store(stopAbort) }

// obey does what Stop and Abort ask for.
func (t *Thread) obey() {
	asked := t.stop.Load()
	if asked != 0 && !t.draining {
		t.drain()
	}
	if asked == stopAbort {
		for _, c := range t.conns.All() {
			t.close(c) // those accepted since the last turn too
		}
	}
}

func (t *Thread) drain() {
	t.draining = true
	t.drainListeners()
	for _, c := range t.conns.All() {
		if c.phase == open && c.receiving {
			t.cancel(uint64(c.key), c.fd, netio.Receive) // arm looks how much there is
		}
	}
}

// drained reports whether all that had arrived for c when the drain came to it
// is read. What arrives later is not: a drain must end even if a peer never stops
// sending.
func (t *Thread) drained(c *conn) bool {
	if !c.measured {
		c.measured = true
		c.unread = uint32(t.backend.Unread(c.fd))
		c.more = c.unread > 0
	}
	return c.unread == 0
}

// done reports whether the thread may end: nothing of anybody's is left.
func (t *Thread) done() bool {
	return t.listening == 0 && t.conns.Len() == 0 && t.inFlight == 0
}

// abandon closes what there is when the kernel refuses to go on, so that peers
// are not left waiting and the port is free. The backend closes what it took of the
// last turn: such a descriptor may be another's by now.
func (t *Thread) abandon() {
	t.endListeners()
	for _, op := range t.ops[len(t.ops)-t.backend.Untaken():] {
		if op.Code == netio.Close {
			t.backend.CloseNow(op.FD)
		}
	}
	for _, c := range t.conns.All() {
		t.backend.CloseNow(c.fd)
	}
}
