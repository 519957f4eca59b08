package bufpool

import (
	"fmt"
	"math"
)

// cacheLine is the span of memory that two cores fight over when both write
// it: 64 bytes, taken twice because adjacent lines are prefetched in pairs.
const cacheLine = 128

// Pool is a ring-shaped arena. New makes one; it must not be copied.
//
// Layout: the arena's address, which every goroutine reads, shares no cache
// line with what the owner writes, here or in a neighbouring Pool.
type Pool struct {
	_     noCopy
	arena []byte // constant from New to Close
	_     [cacheLine]byte

	// Written by the owner only.
	head     int // where the newest buffer ends
	tail     int // where the oldest buffer starts; both are 0 when none is live
	maxInUse int
	live     ledger

	tooLarge  TooLarge // what Alloc last returned a pointer to
	exhausted Exhausted
	_         [cacheLine]byte
}

// Config says how large a pool is.
type Config struct {
	Size  int // bytes, at least 1
	Spans int // live at once, rounded up to a power of two, 16 bytes each; 0: one for every 512 bytes, at least 16
}

const (
	minSpans = 16 // by default
	maxSpans = math.MaxInt32/2 + 1
)

// New maps an arena and writes to each of its pages so that none faults later. The calling thread should be the one that will
// use the pool: the kernel takes the pages from the memory nearest to it.
//
// The arena starts on a page boundary (of 8 bytes, where it comes from the Go
// heap: race builds and systems other than Linux and macOS). On Linux, pools of
// 4 MiB or more ask for huge pages and do without where these are refused.
func New(cfg Config) (*Pool, error) {
	if cfg.Size < 1 {
		return nil, fmt.Errorf("bufpool: size %d: a pool holds at least 1 byte", cfg.Size)
	}
	if cfg.Spans == 0 {
		cfg.Spans = max(minSpans, min((cfg.Size-1)/512+1, maxSpans))
	}
	if cfg.Spans < 1 || cfg.Spans > maxSpans {
		return nil, fmt.Errorf("bufpool: %d spans: 1 to %d are allowed", cfg.Spans, maxSpans)
	}
	arena, err := mapArena(cfg.Size)
	if err != nil {
		return nil, fmt.Errorf("bufpool: map %d bytes: %w", cfg.Size, err)
	}
	touch(arena)
	return &Pool{arena: arena, live: newLedger(cfg.Spans)}, nil
}

// touch faults every page in. 4096 is the smallest page of any system here.
func touch(arena []byte) {
	for i := 0; i < len(arena); i += 4096 {
		arena[i] = 0
	}
}

// Close unmaps the arena: every Buf, Span and slice of it is invalid from here
// on, and touching a slice faults. No goroutine may be using one. A second
// Close does nothing; any other method panics. When Close fails, which takes a
// corrupted address space, the mapping is leaked and the pool closed all the
// same.
func (p *Pool) Close() error {
	arena := p.arena
	if arena == nil {
		return nil
	}
	p.arena, p.head, p.tail, p.live = nil, 0, 0, ledger{}
	if err := unmapArena(arena); err != nil {
		return fmt.Errorf("bufpool: unmap: %w", err)
	}
	return nil
}

// Alloc takes size bytes, at least 1, right behind the newest live buffer, or
// at offset 0 where the end of the arena is too near. The bytes hold whatever
// was there before.
//
// It fails with *TooLarge if size exceeds the capacity, and with *Exhausted if
// size does not fit now, or as many spans as there may be are live. Padding at
// the end can make the former happen with size bytes free, never with twice as
// many. Either error points into the pool and
// is valid until the next Alloc, so that a full pool makes no garbage.
func (p *Pool) Alloc(size int) (Buf, error) {
	if size < 1 {
		panic(fmt.Sprintf("bufpool: Alloc of %d bytes", size))
	}
	offset, ok := p.place(size)
	if !ok || p.live.full() {
		return Buf{}, p.refuse(size)
	}
	span := Span{Offset: offset, Size: size}
	seq := p.live.add(span)
	p.head = offset + size
	p.maxInUse = max(p.maxInUse, p.inUse())
	return Buf{pool: p, span: span, seq: seq}, nil
}

// place finds the offset at which size bytes are free. The free bytes are
// head..end and 0..tail, or head..tail once the live buffers have wrapped.
func (p *Pool) place(size int) (offset int, ok bool) {
	switch {
	case p.wrapped():
		return p.head, size <= p.tail-p.head
	case size <= len(p.arena)-p.head:
		return p.head, true
	default:
		return 0, size <= p.tail
	}
}

// wrapped reports whether the newest buffer lies before the oldest. With live
// buffers, head == tail means that they fill the arena.
func (p *Pool) wrapped() bool {
	return p.head <= p.tail && !p.live.empty()
}

func (p *Pool) refuse(size int) error {
	p.mustBeOpen()
	if size > len(p.arena) {
		p.tooLarge = TooLarge{Requested: size, Capacity: len(p.arena)}
		return &p.tooLarge
	}
	p.exhausted = Exhausted{Requested: size, InUse: p.inUse(), Capacity: len(p.arena), Spans: p.live.count()}
	return &p.exhausted
}

// Freeze ends the writing of b, which must be the oldest Buf not yet frozen,
// and names its bytes. They stay live until the Span is released.
func (p *Pool) Freeze(b Buf) Span {
	if b.pool != p || !p.live.freeze(b.seq) {
		p.breach("Freeze", b.span, "the oldest unfrozen Buf of this pool")
	}
	return b.span
}

// Release gives back s, which must be the oldest frozen span, and with it the
// padding behind s, if any.
//
// Ordering: whoever used the bytes must be done before the owner calls
// Release; what brought the span back has to say so.
func (p *Pool) Release(s Span) {
	if !p.live.release(s) {
		p.breach("Release", s, "the oldest frozen span")
	}
	if p.live.empty() {
		p.head, p.tail = 0, 0
		return
	}
	p.tail = p.live.oldest().Offset
}

// Memory is the whole arena, in which adjacent spans form one matrix. Any
// goroutine may ask for it, and may touch the bytes of the spans it was lent.
func (p *Pool) Memory() []byte {
	p.mustBeOpen()
	return p.arena
}

// noCopy makes go vet report copies of the struct that holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
