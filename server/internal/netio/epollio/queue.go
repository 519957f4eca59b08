//go:build linux

package epollio

// queue is a FIFO of descriptors, each at most once. Its ring has one slot for every
// descriptor of the table.
type queue struct {
	ring  []int32
	first int
	size  int
}

func newQueue(slots int) queue { return queue{ring: make([]int32, slots)} }

func (q *queue) push(fd int32) {
	last := q.first + q.size
	if last >= len(q.ring) {
		last -= len(q.ring)
	}
	q.ring[last] = fd
	q.size++
}

func (q *queue) pop() int32 {
	fd := q.ring[q.first]
	if q.first++; q.first == len(q.ring) {
		q.first = 0
	}
	q.size--
	return fd
}

func (q *queue) grow(slots int) {
	larger := newQueue(slots)
	for q.size > 0 {
		larger.push(q.pop())
	}
	*q = larger
}
