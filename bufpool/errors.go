package bufpool

import "fmt"

// TooLarge refuses an allocation that no state of the pool could hold.
type TooLarge struct {
	Requested int // bytes
	Capacity  int // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("bufpool: %d bytes exceed the pool's capacity of %d", e.Requested, e.Capacity)
}

// Exhausted refuses an allocation that does not fit now; it will once enough
// spans have been released.
type Exhausted struct {
	Requested int // bytes
	InUse     int // bytes, padding included
	Capacity  int // bytes
	Spans     int // live
}

func (e *Exhausted) Error() string {
	return fmt.Sprintf("bufpool: no room for %d bytes: %d of %d in use, by %d live", e.Requested, e.InUse, e.Capacity, e.Spans)
}

func (p *Pool) mustBeOpen() {
	if p.arena == nil {
		panic("bufpool: use of a closed pool")
	}
}

// breach panics because s is not what call requires it to be. It stays out of
// line, so that the calls themselves are small.
//
//go:noinline
func (p *Pool) breach(call string, s Span, required string) {
	p.mustBeOpen()
	panic(fmt.Sprintf("bufpool: %s of %+v, which is not %s", call, s, required))
}
