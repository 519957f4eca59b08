package ringbuf

import (
	"fmt"
	"unsafe"
)

// Producer claims and publishes slots of a ring. It belongs to one goroutine.
//
// 128 bytes, written by that goroutine only.
type Producer[T any] struct {
	ring    *Ring[T]
	limit   uint64 // cached gating cursor + capacity: no claim ends beyond it
	end     uint64 // end of this handle's latest claim
	pending int    // slots claimed and not yet published
	_       [lineBytes - 2*8 - 2*unsafe.Sizeof(uintptr(0))]byte
}

// Claim takes the next count slots, lo to lo+count-1. This producer writes them
// and then calls Publish. Claim takes all of them or none: ok is false if fewer
// than count slots are free, or if the ring is closed. It panics if count is
// below 1 or above the capacity.
//
// Ordering: a claim that reuses slots has loaded the gating cursor that Release
// stored for them, so the consumer's reads come before this producer's writes.
//
// Cost: one compare-and-swap, retried if another producer wins; lock-free. Claim
// loads the gating cursor only when the cached one leaves too little room. One
// claim for everything that one read brought is cheaper than a claim per slot.
func (p *Producer[T]) Claim(count int) (lo Sequence, ok bool) {
	r := p.ring
	if count < 1 || count > len(r.slots) {
		panic(fmt.Sprintf("ringbuf: Claim(%d) of a ring of %d", count, len(r.slots)))
	}
	for {
		claimed := r.claimed.Load()
		end := claimed + uint64(count)
		if end > p.limit {
			p.limit = r.released.Load() + uint64(len(r.slots))
			if end > p.limit {
				return 0, false
			}
		}
		if r.claimed.CompareAndSwap(claimed, end) {
			p.end = end
			p.pending += count
			return Sequence(claimed), true
		}
	}
}

// Slot returns the slot of seq. This producer must have claimed it and not yet
// published it; Slot does not check this.
func (p *Producer[T]) Slot(seq Sequence) *T { return p.ring.slot(seq) }

// Slots returns the run of count claimed slots from lo as at most two slices:
// second is empty unless the run wraps. Slots does not check ownership; it
// panics if count is negative or above the capacity.
func (p *Producer[T]) Slots(lo Sequence, count int) (first, second []T) {
	return p.ring.run(lo, count)
}

// Publish makes slots lo to lo+count-1 visible to the consumer and gives them
// up. This handle must have claimed all of them and published none of them. They
// may be one claim, part of a claim, or several claims that follow each other
// without a gap.
//
// In a ring for one producer, the producer publishes in the order of its claims.
// In a ring for several, a producer may publish in any order; the consumer sees
// a run once all runs before it are published. A claim that is never published
// stops the consumer there for ever.
//
// Ordering: writes to the slots come before the Poll that returns them; the
// store to the cell is the only synchronisation. The load of the announcement
// follows that store and pairs with Announce.
//
// Cost: O(1) for any count. Publish swaps the cell instead of storing it, to
// detect a slot published twice. On amd64 that costs nothing: a sequentially
// consistent store is the same XCHG.
func (p *Producer[T]) Publish(lo Sequence, count int) {
	r := p.ring
	begin, end := uint64(lo), uint64(lo)+uint64(count)
	switch {
	case count < 1 || count > p.pending || begin >= p.end || end > p.end:
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) of slots that are not claimed", lo, count))
	case !r.shared && begin != p.end-uint64(p.pending):
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) out of order: sequence %d is next", lo, count, p.end-uint64(p.pending)))
	}
	p.pending -= count
	if r.cell(lo).Swap(end) > begin {
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) of slots already published", lo, count))
	}
	r.wake()
}
