package client

import "github.com/disrust/disrust/wire"

// receiveBytes is one read at most: some 8,000 small responses.
const receiveBytes = 64 << 10

// receive is the loop that reads. It alone ends calls, except those whose
// callers leave, and it ends them all before it returns.
func (c *Client) receive() {
	buf := make([]byte, max(receiveBytes, wire.ResponseBytes(c.format.MaxVectors)))
	held := 0 // bytes of an incomplete response at the start of buf
	for {
		n, readErr := c.conn.Read(buf[held:])
		used, err := c.deliver(buf[:held+n])
		if err == nil {
			err = readErr
		}
		if err != nil {
			c.lose(err)
			return
		}
		held = copy(buf, buf[used:held+n])
	}
}

// deliver hands out the whole responses at the start of b and returns their
// size. The error, if any, is a *ProtocolError.
func (c *Client) deliver(b []byte) (used int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		frame := c.format.ParseResponse(b[used:])
		if frame.Status == wire.Incomplete && frame.Vectors == 0 {
			return used, nil
		}
		if c.answered == c.taken {
			return used, &ProtocolError{Got: frame.Vectors}
		}
		oldest := &c.inFlight[c.answered%uint64(len(c.inFlight))]
		if frame.Status == wire.Invalid || frame.Vectors != oldest.vectors {
			return used, &ProtocolError{Got: frame.Vectors, Want: oldest.vectors}
		}
		if frame.Status == wire.Incomplete {
			return used, nil
		}
		c.answer(*oldest, b[used+wire.HeaderBytes:used+frame.Bytes])
		used += frame.Bytes
		*oldest = request{}
		c.answered++
		<-c.window
	}
}

// answer puts scores where r wants them, unless its caller has left. mu is
// held.
func (c *Client) answer(r request, scores []byte) {
	call := r.call
	if !call.waiting {
		return
	}
	wire.CopyScores(call.dst[r.at:r.at+r.vectors], scores)
	if call.missing -= r.vectors; call.missing == 0 {
		c.endWait(call)
		call.finished <- struct{}{}
	}
}

// lose ends the connection and every call that still waits for it.
func (c *Client) lose(err error) {
	c.refuse(err)
	c.conn.Close() // a write under way ends too
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.answered < c.admitted; c.answered++ {
		oldest := &c.inFlight[c.answered%uint64(len(c.inFlight))]
		if c.endWait(oldest.call) {
			oldest.call.finished <- struct{}{}
		}
		*oldest = request{}
	}
}
