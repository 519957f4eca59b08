package client

// fifo is a queue of requests. It allocates only to hold more at a time than
// ever before, within a factor of two.
type fifo struct {
	held []request // held[head:] wait
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

// pushFront puts requests before all others, in their order.
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
