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
	released uint64 // copy of Ring.released
	next     uint64 // the read position: the next sequence that Poll returns
	visible  uint64 // all sequences before it are known to be published
	_        [lineBytes - 3*8 - unsafe.Sizeof(uintptr(0))]byte
}

// Poll returns the next count published slots, lo to lo+count-1, at most max
// of them, and moves the read position past them. They belong to the caller
// until Release. Count is 0 if no slot is published. Poll panics if max is
// negative.
//
// Ordering: pairs with Publish. The caller sees all that the producer wrote to
// these slots before Publish.
//
// Cost: one load for each published run that it enters, and one to learn that
// there are no more. It makes no load while max slots are left of the last run
// that it entered.
func (c *Consumer[T]) Poll(max int) (lo Sequence, count int) {
	if max < 0 {
		panic(fmt.Sprintf("ringbuf: Poll(%d)", max))
	}
	begin := c.next
	limit := begin + uint64(max)
	c.advance(limit)
	c.next = min(c.visible, limit)
	return Sequence(begin), int(c.next - begin)
}

// advance moves visible over published runs until it reaches limit or the first
// run that is not yet published.
//
// In a ring for several producers, a cell value above visible is the end of the
// run that begins at visible. It is not left from an earlier round: a run that
// began in this cell k capacities before visible was at most one capacity long,
// so it ended at visible or before. It is not from a later round either: that
// run would begin at least one capacity after visible, and no claim ends more
// than one capacity after the gating cursor.
//
// A ring for one producer has one cell, and its producer publishes in order. So
// the value is the end of everything published.
func (c *Consumer[T]) advance(limit uint64) {
	for c.visible < limit {
		end := c.ring.cell(Sequence(c.visible)).Load()
		if end <= c.visible {
			return
		}
		c.visible = end
	}
}

// Slot returns the slot of seq. Poll must have returned it and Release not yet
// freed it; Slot does not check this.
func (c *Consumer[T]) Slot(seq Sequence) *T { return c.ring.slot(seq) }

// Slots returns the run of count polled slots from lo as at most two slices:
// second is empty unless the run wraps. Slots does not check ownership; it
// panics if count is negative or above the capacity.
func (c *Consumer[T]) Slots(lo Sequence, count int) (first, second []T) {
	return c.ring.run(lo, count)
}

// Release frees the oldest count polled slots, so that producers can claim them
// again. It panics if fewer slots are polled and not yet released.
//
// Ordering: reads of those slots come before the writes of the producer whose
// Claim takes them; the store pairs with Claim's load of the gating cursor.
//
// Cost: one atomic store, and a cache miss in each producer that found the ring
// full. So release whole batches, not single slots.
func (c *Consumer[T]) Release(count int) {
	if count < 0 || uint64(count) > c.next-c.released {
		panic(fmt.Sprintf("ringbuf: Release(%d) of %d polled slots", count, c.next-c.released))
	}
	c.released += uint64(count)
	c.ring.released.Store(c.released)
}

// Wait returns true once Poll would return a slot, or once after an Alert. It
// returns false once the ring is closed and the consumer has polled every slot
// ever claimed. Until then it waits in the way that the ring's WaitStrategy
// chooses.
//
// A consumer that calls Wait while it has polled every slot and released none
// waits for ever.
func (c *Consumer[T]) Wait() bool {
	for empty := 1; !c.Ready() && !c.alerted(); empty++ {
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

// Ready reports whether Poll would return a slot, but polls nothing. It is for
// consumers that have a waiting loop of their own. It costs at most one load.
func (c *Consumer[T]) Ready() bool {
	c.advance(c.next + 1)
	return c.visible > c.next
}

// Announce announces that the consumer is about to sleep, and then checks the
// ring once more.
//
// If Announce returns true the caller may sleep: the next Publish or Close calls
// Wake on the ring's strategy, once. The caller calls Awake after the sleep. If
// Announce returns false there is something to do: Poll would return a slot, or
// Wait would return at once. Announce has then withdrawn the announcement, but a
// Wake may still be on its way, so the next sleep may end early.
//
// Announce serves consumers that sleep outside the ring, in io_uring or poll,
// and whose strategy has a Wake that reaches them there. For all others Wait
// calls it.
//
// Ordering: Dekker's handshake. Announce stores the announcement before it loads
// the cell; Publish stores the cell before it loads the announcement. If both
// loads missed the other side's store, each load would precede that store, a
// cycle that sequential consistency forbids.
func (c *Consumer[T]) Announce() bool {
	c.ring.asleep.Store(1)
	if c.Ready() || c.drained() || c.ring.alerted.Load() {
		c.Awake()
		return false
	}
	return true
}

// Awake withdraws the announcement after a sleep. It does nothing if there is no
// announcement.
func (c *Consumer[T]) Awake() {
	if c.ring.asleep.Load() != 0 { // only this goroutine sets it
		c.ring.asleep.Store(0)
	}
}

// alerted reports whether there was an Alert, and takes it.
func (c *Consumer[T]) alerted() bool {
	return c.ring.alerted.Load() && c.ring.alerted.Swap(false)
}

// drained reports whether the ring is closed and the consumer has polled every
// claimed slot. After Close, claimed never changes again.
func (c *Consumer[T]) drained() bool {
	return c.ring.closed.Load() && c.ring.claimed.Load() == closedBit|c.next
}
