package ringbuf

import (
	"fmt"
	"sync/atomic"
)

// Sequence is an unbounded position in a ring, counted from 0. Its slot is the
// sequence modulo the capacity. Sequences must stay below 1<<63; at 10^9 slots
// per second that lasts 292 years.
type Sequence uint64

// maxCapacity keeps counts within an int on 32-bit targets.
const maxCapacity = 1 << 30

// closedBit in Ring.claimed marks a closed ring. It is above every limit that a
// producer can compute, so Claim treats a closed ring as one that is full for
// ever.
const closedBit = 1 << 63

// Ring is a disruptor ring of slots of type T: one consumer, and one producer
// (NewSPSC) or several (NewMPSC).
//
// Invariant: released <= polled <= claimed <= released + capacity.
type Ring[T any] struct {
	// All goroutines read these fields. After construction only Producer,
	// Consumer and Close write some of them.
	slots         []T
	available     []atomic.Uint64
	wait          WaitStrategy
	producerTaken atomic.Bool
	consumerTaken atomic.Bool
	closed        atomic.Bool // set after closedBit, so that the consumer need not load claimed to see a close
	alerted       atomic.Bool // set by Alert, taken by Wait
	shared        bool        // several producers

	_        [lineBytes]byte
	claimed  word // 128 bytes, written by producers: next sequence to claim, and closedBit
	released word // 128 bytes, written by the consumer: the gating cursor
	asleep   word // 128 bytes: the consumer stores 1 to announce a sleep; the waker or the consumer stores 0
}

// NewSPSC returns a ring of capacity slots for one producer. The capacity is a
// power of two, at most 1<<30. A nil wait means Yield{}. A strategy that has
// state, such as *Block, must not be shared between rings.
func NewSPSC[T any](capacity int, wait WaitStrategy) (*Ring[T], error) {
	return newRing[T](capacity, 1, wait, false)
}

// NewMPSC returns a ring for any number of producers. Its arguments are those of
// NewSPSC. It needs 8 bytes per slot more.
func NewMPSC[T any](capacity int, wait WaitStrategy) (*Ring[T], error) {
	return newRing[T](capacity, capacity, wait, true)
}

// newRing makes both kinds of ring. They differ in the number of availability
// cells, a power of two. The cell of sequence s is s modulo that number; it holds
// the end of the run last published there. With one cell per slot, producers may
// publish runs in any order. With one cell in all, the cell is the published
// cursor.
func newRing[T any](capacity, cells int, wait WaitStrategy, shared bool) (*Ring[T], error) {
	if capacity < 1 || capacity > maxCapacity || capacity&(capacity-1) != 0 {
		return nil, fmt.Errorf("ringbuf: capacity %d is not a power of two from 1 to %d", capacity, maxCapacity)
	}
	if wait == nil {
		wait = Yield{}
	}
	return &Ring[T]{
		slots:     make([]T, capacity),
		available: newCells(cells),
		wait:      wait,
		shared:    shared,
	}, nil
}

// Producer returns a handle for one producing goroutine, which it allocates. On a
// ring for one producer a second call panics.
func (r *Ring[T]) Producer() *Producer[T] {
	if !r.shared && r.producerTaken.Swap(true) {
		panic("ringbuf: a second Producer of a ring for one producer")
	}
	return &Producer[T]{ring: r, limit: uint64(len(r.slots))}
}

// Consumer returns the handle of the one consuming goroutine, which it allocates.
// A second call panics.
func (r *Ring[T]) Consumer() *Consumer[T] {
	if r.consumerTaken.Swap(true) {
		panic("ringbuf: a second Consumer")
	}
	return &Consumer[T]{ring: r}
}

// Capacity returns the number of slots.
func (r *Ring[T]) Capacity() int { return len(r.slots) }

// Occupancy returns how many slots are claimed and not yet released, from 0 to
// Capacity. It is a gauge: while other goroutines use the ring, the value may be
// out of date when Occupancy returns.
func (r *Ring[T]) Occupancy() int {
	released := r.released.Load() // loaded first, so that claimed cannot be below it
	claimed := r.claimed.Load() &^ closedBit
	return int(min(claimed-released, uint64(len(r.slots))))
}

// Close closes the ring: no Claim succeeds after it. Producers must still publish
// the claims that they have made. Close wakes the consumer if it sleeps. The
// consumer sees every claimed slot, and then Wait returns false. A second call
// does nothing.
//
// Ordering: one atomic word holds the claimed cursor and the closed mark. So a
// Claim either precedes Close and succeeds, or follows it and fails.
func (r *Ring[T]) Close() {
	r.claimed.Or(closedBit)
	r.closed.Store(true)
	r.wake()
}

// Alert makes the consumer's current Wait, or else its next one, return true although there may
// be no slot. It is for news that does not pass through the ring. Any goroutine may call it.
// Several alerts before that return count as one. A consumer that sleeps outside the ring, by Announce, and
// never calls Wait must not be alerted: it would not sleep any more.
//
// Ordering: what the caller wrote before Alert, the consumer sees after Wait.
func (r *Ring[T]) Alert() {
	r.alerted.Store(true)
	r.wake()
}

// wake calls Wake on the strategy if the consumer has announced a sleep.
//
// Ordering: Publish, Close and Alert call it after the store that the consumer must see;
// its load pairs with Announce. The compare-and-swap lets only one of several
// callers through.
func (r *Ring[T]) wake() {
	if r.asleep.Load() != 0 && r.asleep.CompareAndSwap(1, 0) {
		r.wait.Wake()
	}
}

// cell returns the availability cell of the run that begins at seq.
func (r *Ring[T]) cell(seq Sequence) *atomic.Uint64 {
	return &r.available[uint64(seq)&uint64(len(r.available)-1)]
}

// slot returns the slot of seq.
func (r *Ring[T]) slot(seq Sequence) *T {
	return &r.slots[uint64(seq)&uint64(len(r.slots)-1)]
}

// run returns the count slots from lo as two slices, cut where the ring wraps.
func (r *Ring[T]) run(lo Sequence, count int) (first, second []T) {
	if count < 0 || count > len(r.slots) {
		panic(fmt.Sprintf("ringbuf: Slots(%d, %d) of a ring of %d", lo, count, len(r.slots)))
	}
	start := int(uint64(lo) & uint64(len(r.slots)-1))
	end := min(start+count, len(r.slots))
	rest := count - (end - start)
	return r.slots[start:end:end], r.slots[:rest:rest]
}
