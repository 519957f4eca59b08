//go:build linux

package iothread

import (
	"unsafe"

	"github.com/disrust/disrust/slab"
)

const (
	tickNanos   = 100e6
	lingerTicks = 20 // two seconds for a peer to read its last answers and close
)

// Stop asks the thread to drain: to stop accepting, read what has arrived,
// answer it and close. Any goroutine may call it, and must then wake the thread.
func (t *Thread) Stop() { t.stop.Store(stopDrain) }

// Abort asks the thread to close every connection now. As Stop.
func (t *Thread) Abort() { t.stop.Store(stopAbort) }

// obey does what Stop and Abort ask for.
func (t *Thread) obey() {
	asked := t.stop.Load()
	if asked != 0 && !t.draining {
		t.drain()
	}
	if asked == stopAbort && !t.aborted {
		t.aborted = true
		for _, c := range t.conns.All() {
			t.close(c)
		}
	}
}

func (t *Thread) drain() {
	t.draining = true
	if t.accepting {
		t.cancel(slab.Key(0).Pack(opAccept))
	} else {
		t.closeListener()
	}
	for _, c := range t.conns.All() {
		if c.phase == open && c.receiving {
			t.cancel(c.key.Pack(opRecv)) // arm looks how much there is
		}
	}
}

// drained reports whether all that had arrived for c when the drain came to it
// is read. What arrives later is not: a drain must end even if a peer never stops
// sending.
func (t *Thread) drained(c *conn) bool {
	if !c.measured {
		c.measured = true
		c.unread = uint32(t.kernel.Unread(c.fd))
		c.more = c.unread > 0
	}
	return c.unread == 0
}

// done reports whether the thread may end: nothing of anybody's is left.
func (t *Thread) done() bool {
	return t.draining && !t.accepting && t.conns.Len() == 0 && t.inFlight == 0
}

// armTick keeps time, while something needs it.
func (t *Thread) armTick() {
	if t.ticking || t.lingerers == 0 && !t.backedOff {
		return
	}
	op := t.next()
	op.PrepareTimeout(&t.tickEvery, 0, 0)
	op.UserData = slab.Key(0).Pack(opTick)
	t.ticking = true
}

// tick ends what has lasted long enough.
func (t *Thread) tick() {
	t.ticks++
	if t.backedOff {
		t.armAccept()
	}
	if t.lingerers == 0 {
		return
	}
	for _, c := range t.conns.All() {
		if c.phase == lingering && c.deadline <= t.ticks {
			t.close(c)
		}
	}
}

// pointer names memory that stays in place while the kernel uses it: a mapping,
// or a field of the Thread, which is on the heap and alive while it runs.
func pointer[T any](p *T) unsafe.Pointer { return unsafe.Pointer(p) }
