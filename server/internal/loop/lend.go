//go:build linux

package loop

const (
	// lentBytes is how many bytes the kernel should receive before it uses the same
	// memory again: half of a second-level cache of 1 MiB. So neither the kernel's copy
	// out of the socket nor the model waits for memory.
	lentBytes = 512 << 10

	minLent = 8 // buffers
)

// lend gives the backend receive buffers, the most recently used first. It lends as many
// as keep what the backend receives in the cache, judging by the size of recent receives.
func (t *Thread) lend() {
	n := max(minLent, lentBytes/t.readSize)
	for t.lent < n && len(t.spare) > 0 {
		last := len(t.spare) - 1
		t.backend.Recycle(t.spare[last])
		t.spare = t.spare[:last]
		t.lent++
	}
}

// holdBuffer notes that a receive of n bytes filled a buffer for c.
func (t *Thread) holdBuffer(c *conn, buffer int16, n int) {
	c.held = held{buffer: buffer, valid: true, hi: uint32(n)}
	t.lent--
	t.held++
	t.readSize = max(1, t.readSize+(n-t.readSize)/8) // a moving average
}

// releaseBuffer makes the receive buffer that c holds, if any, spare.
func (t *Thread) releaseBuffer(c *conn) {
	if c.held.valid {
		t.spare = append(t.spare, c.held.buffer)
		c.held = held{}
		t.held--
	}
}
