package drive

// ring is a queue that grows by doubling and never shrinks. Once it has had its greatest
// length, it allocates nothing.
type ring[T any] struct {
	slots       []T // its length is a power of two
	first, next uint64
}

func (r *ring[T]) size() int { return int(r.next - r.first) }

// at returns the i-th element from the front. The pointer is valid until the next push.
func (r *ring[T]) at(i int) *T { return &r.slots[(r.first+uint64(i))&uint64(len(r.slots)-1)] }

func (r *ring[T]) push(v T) {
	if r.size() == len(r.slots) {
		r.grow()
	}
	r.next++
	*r.at(r.size() - 1) = v
}

func (r *ring[T]) grow() {
	slots := make([]T, max(8, 2*len(r.slots)))
	size := r.size()
	for i := range size {
		slots[i] = *r.at(i)
	}
	r.slots, r.first, r.next = slots, 0, uint64(size)
}

// pop removes the first element.
func (r *ring[T]) pop() { r.first++ }

// cut removes the last n elements.
func (r *ring[T]) cut(n int) { r.next -= uint64(n) }
