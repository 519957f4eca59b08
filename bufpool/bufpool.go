package bufpool

import (
	"fmt"
	"math"
)

// cacheLine is the distance that keeps words of two cores from sharing a cache
// line: two lines of 64 bytes, because x86 prefetches adjacent lines in pairs.
const cacheLine = 128

// Pool is a ring-shaped arena. New makes one; it must not be copied.
//
// Layout: every goroutine reads the arena's address. It shares no cache line
// with words that the owner of this or of a neighbouring Pool writes.
type Pool struct {
	_     noCopy
	arena []byte // constant from New to Close
	_     [cacheLine]byte

	// Written by the owner only.
	head     int // end of the newest buffer
	tail     int // start of the oldest buffer; head and tail are 0 if no buffer is live
	maxInUse int
	live     ledger

	tooLarge  TooLarge // Alloc returns pointers to these two
	exhausted Exhausted
	_         [cacheLine]byte
}

// Config says how large a pool is.
type Config struct {
	Size int // bytes, at least 1

	// Spans is how many buffers may be live at once, rounded up to a power of two.
	// Each costs 16 bytes. 0 means one for every 512 bytes of Size, at least 16.
	Spans int
}

const (
	minSpans = 16 // at least so many if Config.Spans is 0
	maxSpans = math.MaxInt32/2 + 1
)

// New maps an arena and writes to each of its pages, so that no page faults
// later. The thread that will use the pool should call New: the kernel takes the
// pages from the memory nearest to the calling thread.
//
// The arena starts on a page boundary. In race builds, and on systems other than
// Linux and macOS, it comes from the Go heap and starts on a multiple of 8 bytes.
// On Linux, a pool of 4 MiB or more asks for huge pages; it works without them if
// the kernel refuses.
func New(cfg Config) (*Pool, error) {
	if cfg.Size < 1 {
		return nil, fmt.Errorf("bufpool: Size is %d: must be at least 1 byte", cfg.Size)
	}
	if cfg.Spans == 0 {
		cfg.Spans = max(minSpans, min((cfg.Size-1)/512+1, maxSpans))
	}
	if cfg.Spans < 1 || cfg.Spans > maxSpans {
		return nil, fmt.Errorf("bufpool: Spans is %d: must be 1 to %d", cfg.Spans, maxSpans)
	}
	arena, err := mapArena(cfg.Size)
	if err != nil {
		return nil, fmt.Errorf("bufpool: map %d bytes: %w", cfg.Size, err)
	}
	touch(arena)
	return &Pool{arena: arena, live: newLedger(cfg.Spans)}, nil
}

// touch faults every page in. 4096 bytes is the smallest page of any system that
// Go supports.
func touch(arena []byte) {
	for i := 0; i < len(arena); i += 4096 {
		arena[i] = 0
	}
}

// Close unmaps the arena. From then on every Buf, Span and slice of the arena is
// invalid, and touching such a slice faults. No goroutine may be using one during
// Close. A second Close does nothing; every other method panics.
//
// Close can fail only if the address space is corrupted. Then the mapping is
// leaked, and the pool is closed all the same.
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

// Alloc takes size bytes, at least 1, right behind the newest live buffer, or at
// offset 0 if they do not fit before the end of the arena. The bytes hold
// whatever was there before.
//
// Alloc returns *TooLarge if size exceeds the capacity. It returns *Exhausted if
// size does not fit now, or if Config.Spans buffers are live. Because of the
// padding, size may not fit although size bytes are free; it always fits if twice
// as many are free. Both errors point into the pool and are valid until the next
// Alloc, so that a full pool makes no garbage.
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
// head..end and 0..tail, or head..tail if the live buffers have wrapped.
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

// wrapped reports whether the newest buffer lies before the oldest. If buffers
// are live, head == tail means that they fill the arena.
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

// Freeze ends the writing of b, which must be the oldest Buf not yet frozen, and
// returns its Span. The bytes stay live until the Span is released.
func (p *Pool) Freeze(b Buf) Span {
	if b.pool != p || !p.live.freeze(b.seq) {
		p.breach("Freeze", b.span, "the oldest unfrozen Buf of this pool")
	}
	return b.span
}

// Release gives back s, which must be the oldest frozen span, and with it the
// padding behind s, if any.
//
// Ordering: every goroutine that used the bytes must be done with them before the
// owner calls Release. The ring or channel that brought the span back must
// guarantee this order.
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

// Memory returns the whole arena, in which adjacent spans form one matrix. Any
// goroutine may call it, and may touch the bytes of the spans that the owner has
// lent to it.
func (p *Pool) Memory() []byte {
	p.mustBeOpen()
	return p.arena
}

// noCopy makes go vet report copies of the struct that holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
