package client

import (
	"math"
	"math/rand/v2"
)

// request asks for the scores of some rows of a call. vectors is their number, and at the
// first of them.
type request struct {
	flight      *flight
	at, vectors int
	retries     int // how often it was sent again after a connection was lost
	moves       int // how often it was sent again after a connection was closed in order
}

// countAgain counts that r, which was written, at least in part, is sent again. It returns
// false if that is not allowed. When a server has closed the connection in order, it will
// never answer what it had received, so r moves even without Config.Retry: once for each of
// Config.Addrs, and once more.
func (r *request) countAgain(cfg *Config, inOrder bool) bool {
	switch {
	case inOrder && r.moves <= len(cfg.Addrs):
		r.moves++
	case r.retries < cfg.Retry:
		r.retries++
	default:
		return false
	}
	return true
}

// split removes at most most vectors from the front of r and returns a request for
// them.
func (r *request) split(most int) request {
	part := *r
	part.vectors = min(r.vectors, most)
	r.at += part.vectors
	r.vectors -= part.vectors
	return part
}

// place gives r, which may have any size, to connections that have room. What finds
// no room waits in pending. If other requests wait already, r queues behind them.
func (c *Client) place(r request) {
	if c.asleep.Load() > 0 {
		c.mu.Lock()
		c.wakeSlots()
		c.mu.Unlock()
	}
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

// spread gives r to connections, part by part, while one of them has room. r keeps
// the vectors that found none.
func (c *Client) spread(r *request) {
	for r.vectors > 0 {
		s := c.leastLoaded()
		if s == nil {
			return
		}
		l, next := s.link.Load(), *r
		if l != nil && l.admit(next.split(l.format.MaxVectors)) {
			*r = next
		}
	}
}

// leastLoaded returns the slot with the fewest vectors outstanding, or nil if none
// has room. It chooses among equals at random, so that a light load is spread over
// all servers. The loads may be stale, so the link may still refuse the request.
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

// noRoom is the load of a slot that is not connected or whose window is full.
const noRoom = math.MaxInt64

// roomFreed is called, without locks, after a request has left a connection.
//
// Ordering: the caller has published the load before roomFreed reads waiting;
// placePending publishes waiting before it reads the loads. At least one of the two
// sees the other's store, so no request waits while a connection has room.
func (c *Client) roomFreed() {
	if c.waiting.Load() == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placePending()
}

// placePending gives waiting requests to connections that have room. If no
// connection stands and none can be expected, it ends the calls of the rest. mu is
// held.
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
		c.wakeSlots()
		c.failPending(c.refusal())
	}
	c.waiting.Store(int64(c.pending.len()))
}

// failPending ends all waiting calls with err, if err is not nil. mu is held.
func (c *Client) failPending(err error) {
	for err != nil && c.pending.len() > 0 {
		c.pending.front().flight.end(err)
		c.pending.pop()
	}
}

// refusal returns the error with which waiting calls must fail now, or nil if they
// may still find a connection. mu is held.
func (c *Client) refusal() error {
	if c.closed {
		return ErrClosed
	}
	return c.unavailable()
}
