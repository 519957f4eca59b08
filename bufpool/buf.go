package bufpool

// Buf is a buffer that the owner is still writing. It must end in Freeze:
// there is no other way to give its bytes back.
type Buf struct {
	pool *Pool
	span Span
	seq  uint64
}

// Span is a frozen buffer: its place in the arena. It holds numbers only, so
// it may travel through a ring and be rebuilt on the other side.
type Span struct {
	Offset int // in bytes from the arena's start
	Size   int // in bytes, at least 1
}

// Offset says where in the arena b starts.
func (b Buf) Offset() int { return b.span.Offset }

// Bytes is the memory of b, for the owner to fill until Freeze. Appending to
// it copies; it never reaches the next buffer.
func (b Buf) Bytes() []byte {
	if b.pool == nil {
		panic("bufpool: Bytes of a zero Buf")
	}
	return b.pool.Bytes(b.span)
}

// Bytes is the memory of s, which any goroutine may ask for while s is live.
// A span outside the arena panics; one that is no longer live cannot be told.
func (p *Pool) Bytes(s Span) []byte {
	if uint(s.Offset) >= uint(len(p.arena)) || uint(s.Size-1) >= uint(len(p.arena)-s.Offset) {
		p.breach("Bytes", s, "inside the arena")
	}
	end := s.Offset + s.Size
	return p.arena[s.Offset:end:end]
}
