//go:build linux

package iothread

import (
	"time"
	"unsafe"

	"github.com/disrust/disrust/slab"
)

const (
	// Tick is the unit of a thread's time, which passes only while something
	// waits for it.
	Tick = 100 * time.Millisecond

	lingerTicks = 20 // two seconds for a peer to read its last answers and close
)

// armTick keeps time, while something needs it.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.accept != resting && !t.mayExpire() {
		return
	}
	op := t.next()
	op.PrepareTimeout(&t.tickEvery, 0, 0)
	op.UserData = slab.Key(0).Pack(opTick)
	t.ticking = true
}

// tick ends what has lasted long enough.
func (t *Thread) tick() {
	t.ticking, t.ticked = false, true
	t.ticks++
	t.armAccept()
	for c := t.lingers.front(); c != nil && t.ticks-c.since >= lingerTicks; c = t.lingers.front() {
		t.close(c) // it leaves
	}
}

// pointer names memory that stays in place while the kernel uses it: a mapping,
// or a field of the Thread, which is on the heap and alive while it runs.
func pointer[T any](p *T) unsafe.Pointer { return unsafe.Pointer(p) }
