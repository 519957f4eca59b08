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

// armTick keeps time, while something needs it.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.accept != resting {
		return
	}
	op := t.next()
	op.PrepareTimeout(&t.tickEvery, 0, 0)
	op.UserData = slab.Key(0).Pack(opTick)
	t.ticking = true
}

// tick ends what has lasted long enough.
func (t *Thread) tick() {
	t.ticking = false
	t.ticks++
	t.armAccept()
	for c := t.lingers.front(); c != nil && c.deadline <= t.ticks; c = t.lingers.front() {
		t.close(c) // it leaves
	}
}

// pointer names memory that stays in place while the kernel uses it: a mapping,
// or a field of the Thread, which is on the heap and alive while it runs.
func pointer[T any](p *T) unsafe.Pointer { return unsafe.Pointer(p) }
