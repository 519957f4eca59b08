package ringbuf

import (
	"fmt"
	"sync/atomic"
)

// Sequence is an unbounded position in a ring, counted from 0. Its slot is the
// sequence modulo the capacity. Sequences stay below 1<<63: at a thousand
// million a second that lasts 292 years.
type Sequence uint64

// maxCapacity keeps counts within an int on 32-bit targets.
const maxCapacity = 1 << 30

// closedBit in Ring.claimed marks a closed ring. It lies above every limit a
// producer can compute, so to Claim a closed ring is one that is full for ever.
const closedBit = 1 << 63

// Ring is a disruptor ring of slots of type T: one consumer, and one producer
// (NewSPSC) or several (NewMPSC).
//
// Invariant: released <= polled <= claimed <= released + capacity.
type Ring[T any] struct {
	// Read by all, written by none after construction, but for taking the
	// handles and closing.
	slots         []T
	available     []atomic.Uint64
	wait          WaitStrategy
	producerTaken atomic.Bool
	consumerTaken atomic.Bool
	closed        atomic.Bool // set after closedBit; spares the consumer the claimed line
	shared        bool        // several producers

	_        [lineBytes]byte
	claimed  word // 128 bytes, written by producers: next sequence to claim, and closedBit
	released word // 128 bytes, written by the consumer: the gating cursor
	asleep   word // 128 bytes, 1 by the consumer that announces sleep, 0 by who answers or withdraws it
}

// NewSPSC returns a ring of capacity slots for one producer. The capacity is a
// power of two, at most 1<<30. A nil wait means Yield{}. A strategy with state,
// such as *Block, serves one ring.
func NewSPSC[T any](capacity int, wait WaitStrategy) (*Ring[T], error) {
	return newRing[T](capacity, 1, wait, false)
}

// NewMPSC returns a ring like NewSPSC's for any number of producers. It keeps
// 8 bytes a slot more.
func NewMPSC[T any](capacity int, wait WaitStrategy) (*Ring[T], error) {
	return newRing[T](capacity, capacity, wait, true)
}

// newRing makes both kinds. They differ in the number of availability cells,
// a power of two: the cell of sequence s is s modulo that number, and holds
// the end of the run last published there. With a cell a slot, runs may be
// published in any order; with one cell for all it is the published cursor.
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

// Producer returns a handle for one producing goroutine. On a ring for one
// producer a second call panics. It allocates the handle.
func (r *Ring[T]) Producer() *Producer[T] {
	if !r.shared && r.producerTaken.Swap(true) {
		panic("ringbuf: a second Producer of a ring for one")
	}
	return &Producer[T]{ring: r, limit: uint64(len(r.slots))}
}

// Consumer returns the handle of the one consuming goroutine. A second call
// panics. It allocates the handle.
func (r *Ring[T]) Consumer() *Consumer[T] {
	if r.consumerTaken.Swap(true) {
		panic("ringbuf: a second Consumer")
	}
	return &Consumer[T]{ring: r}
}

// Capacity returns the number of slots.
func (r *Ring[T]) Capacity() int { return len(r.slots) }

// Occupancy returns how many slots are claimed and not yet released, from 0 to
// Capacity. It is a gauge: with others at work it may be out of date on return.
func (r *Ring[T]) Occupancy() int {
	released := r.released.Load() // first: claimed can only be ahead of it
	claimed := r.claimed.Load() &^ closedBit
	return int(min(claimed-released, uint64(len(r.slots))))
}

// Close ends claiming: no Claim succeeds from then on. Claims already made are
// still to be published. The consumer is woken if asleep; it sees all that was
// claimed, and then Wait returns false. Closing again does nothing more.
//
// Ordering: one atomic word holds the claimed cursor and the closed mark, so a
// Claim either precedes Close and counts, or fails.
func (r *Ring[T]) Close() {
	r.claimed.Or(closedBit)
	r.closed.Store(true)
	r.wake()
}

// wake answers an announced sleep, if there is one.
//
// Ordering: called after the store that gives the consumer something to see;
// pairs with Announce. The swap lets one of several callers through.
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
