//go:build linux

package loop

const (
	// lentBytes is how much the kernel is to receive before it comes round to the same
	// memory again: half of a second-level cache of 1 MiB, so that neither its copy
	// out of the socket nor the model waits for memory.
	lentBytes = 512 << 10

	leastLent = 8 // buffers
)

// lend gives the backend receive buffers, those used last first: as many as keep what
// it receives in the cache, going by what the last receives brought.
func (t *Thread) lend() {
	n := max(leastLent, lentBytes/t.readSize)
	for t.lent < n && len(t.spare) > 0 {
		last := len(t.spare) - 1
		t.backend.Recycle(t.spare[last])
		t.spare = t.spare[:last]
		t.lent++
	}
}

// take notes that a receive of n bytes took a buffer for c.
func (t *Thread) take(c *conn, buffer int16, n int) {
	c.held = held{buffer: buffer, valid: true, hi: uint32(n)}
	t.lent--
	t.held++
	t.readSize = max(1, t.readSize+(n-t.readSize)/8) // a moving average
}

// recycle takes the receive buffer that c holds from it.
func (t *Thread) recycle(c *conn) {
	if c.held.valid {
		t.spare = append(t.spare, c.held.buffer)
		c.held = held{}
		t.held--
	}
}
