//go:build linux

package loop

import "sync/atomic"

// Counters are what a thread has done. It adds to them once a turn; any
// goroutine may read them. They share no cache line with other threads' data.
type Counters struct {
	_            [64]byte
	Accepted     atomic.Uint64
	Refused      atomic.Uint64 // all slots were taken
	AcceptErrors atomic.Uint64
	Closed       atomic.Uint64
	Published    atomic.Uint64 // requests admitted, or answered in place
	Sent         atomic.Uint64 // answers given to a connection's output
	Failed       atomic.Uint64 // requests the model failed for
	Violations   atomic.Uint64 // of the protocol, by peers
	RingFull     atomic.Uint64 // times a request waited for its share of the rings
	PoolFull     atomic.Uint64 // times a request waited for room in the pool
	PoolTooLarge atomic.Uint64 // requests larger than the pool
	Starved      atomic.Uint64 // receives that found no buffer
	Late         atomic.Uint64 // connections ended for a request that was begun and not finished in time
	Idle         atomic.Uint64 // connections ended for asking nothing for too long
	Denied       atomic.Uint64 // connections from addresses that are not allowed

	Conns        Gauge
	InFlight     Gauge // requests admitted and not yet answered; none that are answered in place
	PoolInUse    Gauge // bytes
	HeldBuffers  Gauge // receive buffers that connections hold
	Blocks       Gauge // blocks with the beginning of a request or with unsent answers
	MaxInFlight  Gauge // the largest values since they were last taken
	MaxResponses Gauge
	MaxPoolInUse Gauge
	_            [64]byte
}

// Gauge is a value that one goroutine sets and any reads.
type Gauge struct{ v atomic.Int64 }

// Load returns the value.
func (g *Gauge) Load() int64 { return g.v.Load() }

// Take returns the value and sets it to zero.
func (g *Gauge) Take() int64 { return g.v.Swap(0) }

// set stores n if it is new: a load is free, a store is not.
func (g *Gauge) set(n int) {
	if g.v.Load() != int64(n) {
		g.v.Store(int64(n))
	}
}

func (g *Gauge) raise(n int) {
	if g.v.Load() < int64(n) {
		g.v.Store(int64(n))
	}
}

// tally is a turn's additions to Counters.
type tally struct {
	accepted, refused, acceptErrors, closed uint64
	published, sent, failed, violations     uint64
	ringFull, poolFull, tooLarge, starved   uint64
	late, idle, denied                      uint64
	maxInFlight, maxResponses, maxPool      int
}

// Counters may be read by any goroutine.
func (t *Thread) Counters() *Counters { return &t.counters }

// count ends a turn's tally.
func (t *Thread) count() {
	c, n := &t.counters, &t.tally
	bump(&c.Published, n.published)
	bump(&c.Sent, n.sent)
	bump(&c.Accepted, n.accepted)
	bump(&c.Closed, n.closed)
	bump(&c.Refused, n.refused)
	bump(&c.AcceptErrors, n.acceptErrors)
	bump(&c.Failed, n.failed)
	bump(&c.Violations, n.violations)
	bump(&c.RingFull, n.ringFull)
	bump(&c.PoolFull, n.poolFull)
	bump(&c.PoolTooLarge, n.tooLarge)
	bump(&c.Starved, n.starved)
	bump(&c.Late, n.late)
	bump(&c.Idle, n.idle)
	bump(&c.Denied, n.denied)
	c.MaxInFlight.raise(n.maxInFlight)
	c.MaxResponses.raise(n.maxResponses)
	c.MaxPoolInUse.raise(n.maxPool)
	c.Conns.set(t.conns.Len())
	c.InFlight.set(t.inFlight)
	c.PoolInUse.set(t.pool.InUse())
	c.HeldBuffers.set(t.held)
	c.Blocks.set(t.partials.InUse() + t.outputs.InUse())
	*n = tally{}
}

func bump(c *atomic.Uint64, n uint64) {
	if n != 0 {
		c.Add(n)
	}
}
