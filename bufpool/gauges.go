package bufpool

// Capacity returns the size of the arena in bytes.
func (p *Pool) Capacity() int {
	p.mustBeOpen()
	return len(p.arena)
}

// InUse returns the number of bytes that are not free: the live buffers, frozen
// or not, and the padding between them. It is 0 when all buffers are released.
func (p *Pool) InUse() int {
	p.mustBeOpen()
	return p.inUse()
}

func (p *Pool) inUse() int {
	if p.wrapped() {
		return len(p.arena) - p.tail + p.head
	}
	return p.head - p.tail
}

// MaxInUse returns the largest InUse so far.
func (p *Pool) MaxInUse() int {
	p.mustBeOpen()
	return p.maxInUse
}

// Utilisation returns InUse as a fraction of Capacity, from 0 to 1.
func (p *Pool) Utilisation() float64 {
	return float64(p.InUse()) / float64(p.Capacity())
}
