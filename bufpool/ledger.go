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

// newLedger has room for so many live spans, rounded up to a power of two.
func newLedger(spans int) ledger {
	slots := make([]Span, 1<<bits.Len(uint(spans-1)))
	clear(slots) // faults the pages in: large ones come untouched
	return ledger{slots: slots}
}

func (l *ledger) slot(seq uint64) *Span {
	return &l.slots[seq&uint64(len(l.slots)-1)]
}

func (l *ledger) empty() bool { return l.released == l.allocated }

func (l *ledger) count() int { return int(l.allocated - l.released) }

// full reports whether no span can be added.
func (l *ledger) full() bool { return l.count() == len(l.slots) }

// oldest is the span that the next release must name. The ledger is not empty.
func (l *ledger) oldest() Span { return *l.slot(l.released) }

// add needs a ledger that is not full.
func (l *ledger) add(s Span) (seq uint64) {
	seq = l.allocated
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
