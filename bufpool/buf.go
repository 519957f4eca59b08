package bufpool

// Buf is a buffer that the owner is still writing. The owner must freeze it:
// there is no other way to give its bytes back.
type Buf struct {
	pool *Pool
	span Span
	seq  uint64
}

// Span is the place of a frozen buffer in the arena. It holds only numbers, so a
// caller may send the two numbers through a ring and rebuild the Span on the
// other side.
type Span struct {
	Offset int // in bytes from the arena's start
	Size   int // in bytes, at least 1
}

// Offset returns where b starts, in bytes from the arena's start.
func (b Buf) Offset() int { return b.span.Offset }

// Bytes returns the memory of b. The owner may write it until Freeze. The slice's
// capacity is its length, so append copies and never reaches the next buffer.
func (b Buf) Bytes() []byte {
	if b.pool == nil {
		panic("bufpool: Bytes of a zero Buf")
	}
	return b.pool.Bytes(b.span)
}

// Bytes returns the memory of s. Any goroutine may call it while s is live. It
// panics if s is not inside the arena; it cannot detect a span that is no longer
// live.
func (p *Pool) Bytes(s Span) []byte {
	if uint(s.Offset) >= uint(len(p.arena)) || uint(s.Size-1) >= uint(len(p.arena)-s.Offset) {
		p.breach("Bytes", s, "inside the arena")
	}
	end := s.Offset + s.Size
	return p.arena[s.Offset:end:end]
}
