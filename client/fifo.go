package client

// fifo is a queue of requests. It allocates only when it grows: its capacity stays
// within a factor of two of the most requests that it has held.
type fifo struct {
	held []request // the queue is held[head:]
	head int
}

func (q *fifo) len() int        { return len(q.held) - q.head }
func (q *fifo) front() *request { return &q.held[q.head] }

func (q *fifo) push(r request) {
	if len(q.held) == cap(q.held) && q.head > len(q.held)/2 {
		n := copy(q.held, q.held[q.head:])
		clear(q.held[n:])
		q.held, q.head = q.held[:n], 0
	}
	q.held = append(q.held, r)
}

// pushFront puts rs before all other requests and keeps their order.
func (q *fifo) pushFront(rs []request) {
	q.held, q.head = append(rs, q.held[q.head:]...), 0
}

func (q *fifo) pop() {
	q.held[q.head] = request{}
	if q.head++; q.head == len(q.held) {
		q.held, q.head = q.held[:0], 0
	}
}

// live reports whether the queue holds a request whose call has not ended.
func (q *fifo) live() bool {
	for _, r := range q.held[q.head:] {
		if r.flight.live() {
			return true
		}
	}
	return false
}
