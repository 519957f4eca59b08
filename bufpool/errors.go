package bufpool

import "fmt"

// TooLarge is Alloc's error for a size above the capacity: a retry will not help.
type TooLarge struct {
	Requested int // bytes
	Capacity  int // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("bufpool: %d bytes exceed the pool's capacity of %d", e.Requested, e.Capacity)
}

// Exhausted is Alloc's error for a size that does not fit now. It will fit when
// the owner has released enough spans.
type Exhausted struct {
	Requested int // bytes
	InUse     int // bytes, padding included
	Capacity  int // bytes
	Spans     int // live buffers
}

func (e *Exhausted) Error() string {
	return fmt.Sprintf("bufpool: no room for %d bytes: %d of %d bytes in use, live spans: %d", e.Requested, e.InUse, e.Capacity, e.Spans)
}

func (p *Pool) mustBeOpen() {
	if p.arena == nil {
		panic("bufpool: use of a closed pool")
	}
}

// breach panics because s does not meet the requirement of the method call. It
// is not inlined, so that the methods themselves are small.
//
//go:noinline
func (p *Pool) breach(call string, s Span, required string) {
	p.mustBeOpen()
	panic(fmt.Sprintf("bufpool: %s of %+v, which is not %s", call, s, required))
}
