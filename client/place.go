package client

import (
	"math"
	"math/rand/v2"
)

// request asks for the scores of some rows of a call: the answer to it belongs
// in dst[at : at+vectors].
type request struct {
	flight      *flight
	at, vectors int
	retries     int // how often it was sent again
}

// split cuts a request of at most most vectors from the front of r.
func (r *request) split(most int) request {
	part := *r
	part.vectors = min(r.vectors, most)
	r.at += part.vectors
	r.vectors -= part.vectors
	return part
}

// place sends r, of any size, on its way. Nothing overtakes what waits.
func (c *Client) place(r request) {
	if c.waiting.Load() == 0 {
		c.spread(&r)
	}
	if r.vectors == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.push(r)
	c.placePending()
}

// spread gives r to connections, part by part, as long as one has room. Parts
// given are cut from r.
func (c *Client) spread(r *request) {
	for r.vectors > 0 {
		s := c.leastLoaded()
		if s == nil {
			return
		}
		l, next := s.link.Load(), *r
		if part := next.split(c.cfg.MaxVectors); l != nil && l.admit(part) {
			*r = next
		}
	}
}

// leastLoaded returns the slot with the fewest vectors outstanding, nil when
// none has room. Among equals chance decides, so that a light load is spread
// over all servers. The choice may be stale; admission is what counts.
func (c *Client) leastLoaded() (least *slot) {
	lowest, first := int64(noRoom), 0
	if len(c.slots) > 1 {
		first = rand.IntN(len(c.slots))
	}
	for k := range c.slots {
		s := c.slots[(first+k)%len(c.slots)]
		if load := s.load.Load(); load < lowest {
			least, lowest = s, load
		}
	}
	return least
}

// noRoom is the load of a slot that takes nothing: full, or not connected.
const noRoom = math.MaxInt64

// roomMade is called, without locks, after a connection has got room.
//
// Ordering: the room is published before waiting is read; settle publishes
// waiting before it looks for room. One of the two sees the other.
func (c *Client) roomFreed() {
	if c.waiting.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placePending()
}

// settle gives what waits to connections with room. When nothing can be
// hoped for, it fails what is left. mu is held.
func (c *Client) placePending() {
	c.waiting.Store(int64(c.pending.len()))
	for c.pending.len() > 0 {
		oldest := c.pending.front()
		if oldest.flight.live() {
			c.spread(oldest)
			if oldest.vectors > 0 {
				break
			}
		}
		c.pending.pop()
	}
	if c.pending.len() > 0 {
		c.failPending(c.refusal())
	}
	c.waiting.Store(int64(c.pending.len()))
}

// failPending ends all calls that wait, if err is not nil. mu is held.
func (c *Client) failPending(err error) {
	for err != nil && c.pending.len() > 0 {
		c.pending.front().flight.end(err)
		c.pending.pop()
	}
}

// hopeless says why requests that wait will find no connection; nil when they
// may. mu is held.
func (c *Client) refusal() error {
	if c.closed {
		return ErrClosed
	}
	return c.unavailable()
}
