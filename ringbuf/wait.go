package ringbuf

import (
	"fmt"
	"runtime"
)

// WaitStrategy decides how Wait waits while the ring is empty. The consumer calls
// Idle and Sleep; producers and Close call Wake, from any goroutine. A strategy
// changes latency and CPU use, never what is delivered.
type WaitStrategy interface {
	// Idle is called after each empty poll of one Wait; empty counts these polls
	// from 1. Idle may pause or yield. If it returns true, the consumer announces
	// a sleep, checks the ring again and, if it is still empty, calls Sleep.
	Idle(empty int) (sleep bool)

	// Sleep blocks until Wake is called. If Wake was called before, Sleep returns
	// at once. It may also return without a Wake.
	Sleep()

	// Wake ends the current Sleep, or the next one. It must not block. It is
	// called at most once for each announcement.
	Wake()
}

// BusySpin polls without a break, with one PAUSE (amd64) or YIELD (arm64)
// between polls. It has the lowest latency, and it uses one core in full, which
// it must not share.
type BusySpin struct{}

// Idle pauses for some tens of nanoseconds at most.
func (BusySpin) Idle(int) bool { pause(); return false }

// Sleep returns at once.
func (BusySpin) Sleep() {}

// Wake does nothing.
func (BusySpin) Wake() {}

// Yield spins a little and then lets other goroutines run between polls. It suits
// a consumer that shares its core with busy goroutines. Without them it still
// uses a core in full. It is the default.
type Yield struct{}

// yieldSpins is how often Yield pauses before it yields. The pauses take about as
// long as a slot takes from one core to another, and the next slot often arrives
// within that time.
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

// Block polls a bounded number of times and then sleeps until it is woken. An
// idle consumer uses no CPU, but the first slot after a sleep waits for Go's
// scheduler. NewBlock makes a Block; each ring needs its own.
type Block struct {
	spins  int
	permit chan struct{} // holds one Wake until the next Sleep
}

// NewBlock returns a Block that sleeps after spins empty polls in a row. It
// panics if spins is negative.
func NewBlock(spins int) *Block {
	if spins < 0 {
		panic(fmt.Sprintf("ringbuf: NewBlock(%d): spins must not be negative", spins))
	}
	return &Block{spins: spins, permit: make(chan struct{}, 1)}
}

// Idle pauses spins times; after that it returns true.
func (b *Block) Idle(empty int) bool {
	if empty > b.spins {
		return true
	}
	pause()
	return false
}

// Sleep waits for the permit that Wake leaves, and takes it.
func (b *Block) Sleep() { <-b.permit }

// Wake leaves a permit, unless one is there already.
func (b *Block) Wake() {
	select {
	case b.permit <- struct{}{}:
	default:
	}
}
