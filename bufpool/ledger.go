package bufpool

import "math/bits"

// ledger is the FIFO of live spans, oldest first: it is how the pool knows a
// span that it handed out from one made up, and where the oldest starts.
//
// Invariant: released <= frozen <= allocated, sequences that count all spans
// ever; those from released on are in the slots.
type ledger struct {
	slots     []Span // a power of two
	released  uint64
	frozen    uint64
	allocated uint64
}

// newLedger has room for a pool of size bytes full of 512-byte spans.
func newLedger(size int) ledger {
	const minSlots = 16
	slots := make([]Span, max(minSlots, 1<<bits.Len(uint(size-1)/512)))
	clear(slots) // faults the pages in: large ones come untouched
	return ledger{slots: slots}
}

func (l *ledger) slot(seq uint64) *Span {
	return &l.slots[seq&uint64(len(l.slots)-1)]
}

func (l *ledger) empty() bool { return l.released == l.allocated }

// oldest is the span that the next release must name. The ledger is not empty.
func (l *ledger) oldest() Span { return *l.slot(l.released) }

func (l *ledger) add(s Span) (seq uint64) {
	seq = l.allocated
	if seq-l.released == uint64(len(l.slots)) {
		l.grow()
	}
	*l.slot(seq) = s
	l.allocated++
	return seq
}

// freeze counts seq as frozen, or reports false if it is not the oldest that
// is not. No sequence is given out twice, so an equal one is the very span. The
// second condition is for the empty ledger of a closed pool.
func (l *ledger) freeze(seq uint64) bool {
	if seq != l.frozen || l.frozen == l.allocated {
		return false
	}
	l.frozen++
	return true
}

// release drops s, or reports false if it is not the oldest span or not frozen.
func (l *ledger) release(s Span) bool {
	if l.released == l.frozen || l.oldest() != s {
		return false
	}
	l.released++
	return true
}

// grow doubles the slots; a span's place follows from its sequence.
func (l *ledger) grow() {
	grown := *l
	grown.slots = make([]Span, 2*len(l.slots))
	for seq := l.released; seq != l.allocated; seq++ {
		*grown.slot(seq) = *l.slot(seq)
	}
	*l = grown
}
