package ringbuf

import (
	"fmt"
	"unsafe"
)

// Consumer polls and releases the slots of a ring. It belongs to one goroutine.
//
// 128 bytes, written by that goroutine only.
//
// Invariant: released <= next <= visible <= claimed.
type Consumer[T any] struct {
	ring     *Ring[T]
	released uint64 // what Ring.released holds
	next     uint64 // the read position: the next sequence Poll returns
	visible  uint64 // all before it is known to be published
	_        [lineBytes - 3*8 - unsafe.Sizeof(uintptr(0))]byte
}

// Poll returns the next count published slots, lo to lo+count-1, at most max
// of them, and moves the read position past them. They are the caller's until
// Release. Count is 0 when none is published. It panics when max is negative.
//
// Ordering: pairs with Publish, whose slots it returns complete.
//
// Cost: one load for each published run it enters, and one to learn that there
// is no more; none while max slots of the last run entered are left.
func (c *Consumer[T]) Poll(max int) (lo Sequence, count int) {
	if max < 0 {
		panic(fmt.Sprintf("ringbuf: Poll(%d)", max))
	}
	begin := c.next
	limit := begin + uint64(max)
	c.look(limit)
	c.next = min(c.visible, limit)
	return Sequence(begin), int(c.next - begin)
}

// look moves visible over published runs until it reaches limit or the first
// run not yet published.
//
// A cell value above visible is the end of the run that begins at visible. It
// cannot be left from an earlier round: a run that began in this cell k
// capacities before visible was at most one capacity long, so it ended at
// visible or before. Nor is it from a later round: that run would begin a
// capacity after visible or later, where claims, which end within a capacity
// of the gating cursor, do not reach.
// A ring for one producer has one cell and publishes in order, so the value is
// the end of all that is published.
func (c *Consumer[T]) look(limit uint64) {
	for c.visible < limit {
		end := c.ring.cell(Sequence(c.visible)).Load()
		if end <= c.visible {
			return
		}
		c.visible = end
	}
}

// Slot returns the slot of seq, which Poll has returned and Release has not
// yet freed. Ownership is not checked.
func (c *Consumer[T]) Slot(seq Sequence) *T { return c.ring.slot(seq) }

// Slots returns the run of count polled slots from lo as at most two slices:
// second is empty unless the run wraps. Ownership is not checked; a count
// above the capacity panics.
func (c *Consumer[T]) Slots(lo Sequence, count int) (first, second []T) {
	return c.ring.run(lo, count)
}

// Release frees the oldest count polled slots for producers to claim again. It
// panics when fewer are polled and not yet released.
//
// Ordering: reads of those slots come before the writes of the producer whose
// Claim takes them; the store pairs with Claim's load of the gating cursor.
//
// Cost: one atomic store, and a cache miss for each producer that was full.
// Release batches, not slots.
func (c *Consumer[T]) Release(count int) {
	if count < 0 || uint64(count) > c.next-c.released {
		panic(fmt.Sprintf("ringbuf: Release(%d) of %d polled slots", count, c.next-c.released))
	}
	c.released += uint64(count)
	c.ring.released.Store(c.released)
}

// Wait returns true once Poll would find something. It returns false once the
// ring is closed and every slot ever claimed has been polled. Until then it
// waits as the ring's WaitStrategy says.
//
// A consumer that waits while it holds every slot, polled and not released,
// waits for ever.
func (c *Consumer[T]) Wait() bool {
	for empty := 1; !c.Ready(); empty++ {
		if c.drained() {
			return false
		}
		if c.ring.wait.Idle(empty) && c.Announce() {
			c.ring.wait.Sleep()
			c.Awake()
		}
	}
	return true
}

// Ready reports whether Poll would find something, without polling it. It
// serves consumers with a waiting loop of their own. At most one load.
func (c *Consumer[T]) Ready() bool {
	c.look(c.next + 1)
	return c.visible > c.next
}

// Announce says that the consumer is about to sleep, then looks once more. If
// it returns true the caller may sleep: the next Publish or Close calls Wake
// on the ring's strategy, once. If it returns false there is something to do,
// Poll finds a slot or Wait returns false, and the announcement is withdrawn.
// A Wake may be on its way even so; the next sleep must bear a spurious one.
//
// It serves consumers that sleep elsewhere, in io_uring or poll, with a Wake
// that reaches them there. Wait calls it for the others. Awake ends the sleep.
//
// Ordering: Dekker's handshake. The announcement is stored before the cell is
// loaded; Publish stores the cell before it loads the announcement. Were both
// loads to miss, each would precede the other's store, a cycle that
// sequential consistency forbids.
func (c *Consumer[T]) Announce() bool {
	c.ring.asleep.Store(1)
	if c.Ready() || c.drained() {
		c.Awake()
		return false
	}
	return true
}

// Awake withdraws the announcement after waking. Without one it does nothing.
func (c *Consumer[T]) Awake() {
	if c.ring.asleep.Load() != 0 { // only this goroutine sets it
		c.ring.asleep.Store(0)
	}
}

// drained reports whether the ring is closed and all that was claimed has been
// polled. Once closed, claimed never changes again.
func (c *Consumer[T]) drained() bool {
	return c.ring.closed.Load() && c.ring.claimed.Load() == closedBit|c.next
}
