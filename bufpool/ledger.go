package bufpool

import "math/bits"

// ledger is the FIFO of live spans, oldest first. With it the pool recognises a
// span that it did not hand out, and it knows where the oldest span starts.
//
// Invariant: released <= frozen <= allocated. Each counts spans since New; the
// spans from released up to allocated are in the slots.
type ledger struct {
	slots     []Span // its length is a power of two
	released  uint64
	frozen    uint64
	allocated uint64
}

// newLedger makes a ledger with room for spans live spans, rounded up to a power
// of two.
func newLedger(spans int) ledger {
	slots := make([]Span, 1<<bits.Len(uint(spans-1)))
	clear(slots) // faults the pages in: make does not touch those of a large slice
	return ledger{slots: slots}
}

func (l *ledger) slot(seq uint64) *Span {
	return &l.slots[seq&uint64(len(l.slots)-1)]
}

func (l *ledger) empty() bool { return l.released == l.allocated }

func (l *ledger) count() int { return int(l.allocated - l.released) }

// full reports whether no span can be added.
func (l *ledger) full() bool { return l.count() == len(l.slots) }

// oldest returns the span that the next release must name. The ledger must not be
// empty.
func (l *ledger) oldest() Span { return *l.slot(l.released) }

// add adds s as the newest span. The ledger must not be full.
func (l *ledger) add(s Span) (seq uint64) {
	seq = l.allocated
	*l.slot(seq) = s
	l.allocated++
	return seq
}

// freeze marks the span of sequence seq as frozen. It returns false if seq is not
// the oldest span that is not yet frozen. No sequence is given out twice, so equal
// sequences mean the same span. The second condition is for the empty ledger of a
// closed pool.
func (l *ledger) freeze(seq uint64) bool {
	if seq != l.frozen || l.frozen == l.allocated {
		return false
	}
	l.frozen++
	return true
}

// release removes s. It returns false if s is not the oldest span or is not
// frozen.
func (l *ledger) release(s Span) bool {
	if l.released == l.frozen || l.oldest() != s {
		return false
	}
	l.released++
	return true
}
