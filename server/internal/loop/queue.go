//go:build linux

package loop

import "github.com/disrust/disrust/slab"

// queue holds connections in the order in which they joined, linked through their slots.
// A connection is in at most one queue and leaves it from any position in O(1).
type queue struct {
	conns      *slab.Slab[conn]
	head, tail slab.Key
	count      int
}

// front returns the first connection, or nil.
func (q *queue) front() *conn {
	if q.count == 0 {
		return nil
	}
	return q.conns.Get(q.head)
}

func (q *queue) push(c *conn) {
	c.queue, c.prev, c.next = q, q.tail, 0
	if last := q.conns.Get(q.tail); last != nil {
		last.next = c.key
	} else {
		q.head = c.key
	}
	q.tail = c.key
	q.count++
}

// leave takes c out of the queue in which it waits, if any.
func (c *conn) leave() {
	q := c.queue
	if q == nil {
		return
	}
	if before := q.conns.Get(c.prev); before != nil {
		before.next = c.next
	} else {
		q.head = c.next
	}
	if after := q.conns.Get(c.next); after != nil {
		after.prev = c.prev
	} else {
		q.tail = c.prev
	}
	c.queue, c.prev, c.next = nil, 0, 0
	q.count--
}
