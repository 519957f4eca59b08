//go:build linux

package loop

import "github.com/disrust/disrust/server/internal/netio"

// Tick is the unit of a thread's time, which passes only while something waits for
// it.
const Tick = netio.TickLength

// lingerTicks is how long a peer has to read its last answers and close: two seconds.
const lingerTicks = 20

// armTick keeps time, while something needs it.
func (t *Thread) armTick() {
	if t.ticking || t.lingers.count == 0 && t.resting == 0 && !t.mayExpire() {
		return
	}
	t.ask(netio.Op{Code: netio.Tick})
	t.ticking = true
}

// tick ends what has lasted long enough.
func (t *Thread) tick() {
	t.ticking, t.ticked = false, true
	t.ticks++
	t.armAccepts()
	for c := t.lingers.front(); c != nil && t.ticks-c.since >= lingerTicks; c = t.lingers.front() {
		t.close(c) // it leaves
	}
}
