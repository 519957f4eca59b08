package client

import "runtime"

// send is the loop that writes. Whatever was admitted while one write was
// under way goes out in the next: two buffers change places, and neither ever
// holds more than the window.
func (c *Client) send() {
	var taken []byte
	for {
		taken = c.take(taken)
		if taken == nil {
			return
		}
		if _, err := c.conn.Write(taken); err != nil {
			// Answers may still be on their way. The receive loop delivers
			// them and meets the end of the connection itself: after a failed
			// write TCP gives the reader what has arrived, then an error.
			c.refuse(err)
			return
		}
	}
}

// take waits for requests and returns them, encoded; it leaves spare to gather
// the next. It returns nil when no request can be sent any more.
func (c *Client) take(spare []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.unsent) == 0 && c.err == nil {
		c.sendable.Wait()
		// The first request of a burst woke this loop. Yielding once lets
		// the callers behind it add theirs, which halves the cost of a call
		// when there are many and costs nothing when there is one.
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	if c.err != nil {
		return nil
	}
	taken := c.unsent
	c.unsent, c.taken = spare[:0], c.admitted
	return taken
}

// refuse stops the admission of requests; the first reason stays. Those in
// flight go on waiting for the receive loop.
func (c *Client) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	close(c.broken)
	c.sendable.Signal()
}
