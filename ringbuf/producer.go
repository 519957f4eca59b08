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
	end     uint64 // where this handle's latest claim ends
	pending int    // slots claimed and not yet published
	_       [lineBytes - 2*8 - 2*unsafe.Sizeof(uintptr(0))]byte
}

// Claim takes the next count slots, lo to lo+count-1, for this producer to
// write and then to Publish. It takes all of them or none: ok is false when
// they would pass the oldest slot not yet released, or the ring is closed.
// It panics when count is below 1 or above the capacity.
//
// Ordering: a claim that reuses slots has loaded the gating cursor that
// Release stored, so the consumer's reads come before this producer's writes.
//
// Cost: one compare-and-swap, retried when another producer wins; lock-free.
// The gating cursor is loaded only when the cached one refuses. One claim for
// what one read brought costs less than one for each slot.
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

// Slot returns the slot of seq, which this producer has claimed and not yet
// published. Ownership is not checked.
func (p *Producer[T]) Slot(seq Sequence) *T { return p.ring.slot(seq) }

// Slots returns the run of count claimed slots from lo as at most two slices:
// second is empty unless the run wraps. Ownership is not checked; a count
// above the capacity panics.
func (p *Producer[T]) Slots(lo Sequence, count int) (first, second []T) {
	return p.ring.run(lo, count)
}

// Publish makes slots lo to lo+count-1 visible to the consumer and gives them
// up. All must be claimed by this handle and not yet published: one claim,
// part of one, or several that follow each other without a gap. A ring for
// one producer publishes in the order of its claims; one for several in any
// order, and the consumer sees a run once all before it are published. Every
// claim must be published, or the consumer stops before it for ever.
//
// Ordering: writes to the slots come before the Poll that returns them; the
// store to the cell is the only synchronisation. The load of the announcement
// follows it and pairs with Announce.
//
// Cost: O(1) whatever the count. The swap and a sequentially consistent store
// are the same XCHG on amd64, and the swap also shows a slot published twice.
func (p *Producer[T]) Publish(lo Sequence, count int) {
	r := p.ring
	begin, end := uint64(lo), uint64(lo)+uint64(count)
	switch {
	case count < 1 || count > p.pending || begin >= p.end || end > p.end:
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) of slots not claimed", lo, count))
	case !r.shared && begin != p.end-uint64(p.pending):
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) before sequence %d", lo, count, p.end-uint64(p.pending)))
	}
	p.pending -= count
	if r.cell(lo).Swap(end) > begin {
		panic(fmt.Sprintf("ringbuf: Publish(%d, %d) again", lo, count))
	}
	r.wake()
}
