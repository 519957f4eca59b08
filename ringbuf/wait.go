package ringbuf

import (
	"fmt"
	"runtime"
)

// WaitStrategy says how a consumer that finds nothing waits. Idle and Sleep
// are called by the consumer, Wake by producers and Close, from any goroutine.
// No strategy changes what is delivered, only latency and the CPU it costs.
type WaitStrategy interface {
	// Idle is called after the empty-th empty poll of one Wait, from 1 on.
	// It may pause or yield. True asks the consumer to announce its sleep,
	// look again and, if there is still nothing, Sleep.
	Idle(empty int) (sleep bool)

	// Sleep returns after a Wake. A Wake that comes before it is kept, not
	// lost. It may return without one.
	Sleep()

	// Wake ends the current Sleep, or the next. It never blocks. It is called
	// at most once for each announcement.
	Wake()
}

// BusySpin polls without a break, with one PAUSE (amd64) or YIELD (arm64)
// between polls. It has the lowest latency and costs one core, which it must
// have to itself.
type BusySpin struct{}

// Idle pauses for some tens of nanoseconds.
func (BusySpin) Idle(int) bool { pause(); return false }

// Sleep returns at once.
func (BusySpin) Sleep() {}

// Wake does nothing.
func (BusySpin) Wake() {}

// Yield spins a little and then lets other goroutines run between polls. It
// suits a consumer that shares its core with goroutines, and still costs a
// core when there are none. It is the default.
type Yield struct{}

// yieldSpins is how often Yield pauses before it yields: about the time that a
// slot takes from one core to another, in which work often follows work.
const yieldSpins = 32

// Idle pauses at first, then calls runtime.Gosched.
func (Yield) Idle(empty int) bool {
	if empty <= yieldSpins {
		pause()
	} else {
		runtime.Gosched()
	}
	return false
}

// Sleep returns at once.
func (Yield) Sleep() {}

// Wake does nothing.
func (Yield) Wake() {}

// Block spins for a bounded number of polls and then sleeps until woken: idle
// costs nothing, and the first slot after a sleep waits for the scheduler.
// Made by NewBlock, for one ring.
type Block struct {
	spins  int
	permit chan struct{}
}

// NewBlock returns a Block that sleeps after spins empty polls in a row. It
// panics when spins is negative.
func NewBlock(spins int) *Block {
	if spins < 0 {
		panic(fmt.Sprintf("ringbuf: NewBlock(%d)", spins))
	}
	return &Block{spins: spins, permit: make(chan struct{}, 1)}
}

// Idle pauses, and asks for sleep once it has paused often enough.
func (b *Block) Idle(empty int) bool {
	if empty > b.spins {
		return true
	}
	pause()
	return false
}

// Sleep takes the permit, waiting for it.
func (b *Block) Sleep() { <-b.permit }

// Wake leaves the permit, unless one is there already.
func (b *Block) Wake() {
	select {
	case b.permit <- struct{}{}:
	default:
	}
}
