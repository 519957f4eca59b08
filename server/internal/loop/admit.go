//go:build linux

package loop

import (
	"encoding/binary"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/violation"
	"github.com/disrust/disrust/wire"
)

// parse answers or admits the requests in c's receive buffer and releases the buffer. It
// reports false if a request finds no room: that request and the requests after it then stay
// in the buffer.
func (t *Thread) parse(c *conn) bool {
	h := &c.held
	rest, ok := t.admitAll(c, t.backend.Buffer(h.buffer, int(h.hi))[h.lo:])
	t.parsed()
	if !ok {
		h.lo = h.hi - uint32(len(rest))
		return false
	}
	t.releaseBuffer(c)
	return true
}

// admitAll answers or admits the requests in data. If a request finds no room, it returns
// the rest of data, from that request on, and false.
func (t *Thread) admitAll(c *conn, data []byte) ([]byte, bool) {
	ok := true
	if c.phase != open {
		return nil, true // the model failed for its last request while c was stalled
	}
	if c.partial.block != blocks.None {
		if data, ok = t.admitPartial(c, data); !ok {
			return data, false
		}
		data = t.align(c, data)
	}
	data = t.scoreInPlace(c, data, 0)
	for c.phase == open && len(data) > 0 {
		f := t.format.ParseRequest(data)
		switch f.Status {
		case wire.Complete:
			if !t.admit(c, f.Vectors, f.Payload(data)) {
				return data, false
			}
			data = data[f.Bytes:]
		case wire.Incomplete:
			t.savePartial(c, data)
			return nil, true
		default:
			if !c.isHello(data, len(data)) {
				t.violate(c, data, len(data))
				return nil, true
			}
			data = t.scoreInPlace(c, t.receiveHello(c, data), 0)
		}
	}
	return nil, true
}

// savePartial copies the beginning of a request or hello from the receive buffer to a block.
func (t *Thread) savePartial(c *conn, data []byte) {
	c.partial = partial{block: t.partials.Get(), size: uint32(len(data))}
	t.restartTimeout(c)
	copy(t.partials.Bytes(c.partial.block), data)
}

// admitPartial completes c's partial request, hello or PROXY header with bytes of data and answers
// or admits it. It returns the rest of data. It reports false if the request found no room: the request
// is then whole, and the next call admits it.
func (t *Thread) admitPartial(c *conn, data []byte) ([]byte, bool) {
	p := &c.partial
	if c.awaitsHeader {
		return t.takeHeader(c, data), true
	}
	if c.awaitsHello() {
		return t.continueHello(c, data), true
	}
	block := t.partials.Bytes(p.block)
	f := t.format.ParseRequest(block[:p.size])
	for f.Status == wire.Incomplete && len(data) > 0 {
		n := copy(block[p.size:int(p.size)+f.Bytes], data)
		data = data[n:]
		p.size += uint32(n)
		f = t.format.ParseRequest(block[:p.size])
	}
	switch f.Status {
	case wire.Incomplete:
		return nil, true
	case wire.Complete:
		if len(t.scoreInPlace(c, block[:f.Bytes], len(data))) > 0 && !t.admit(c, f.Vectors, f.Payload(block)) {
			return data, false
		}
	default:
		rest := int(p.size) + len(data)
		if c.isHello(block, rest) {
			return t.continueHello(c, data), true
		}
		t.violate(c, block[:p.size], rest)
	}
	t.dropPartial(c)
	return data, true
}

// admit copies a request's rows into the pool and queues the request for the batcher. It
// reports false if there is no room.
func (t *Thread) admit(c *conn, vectors int, src []byte) bool {
	if t.inFlight == t.cfg.Limits.InFlight {
		t.countWait(c, t.ringFull)
		return false
	}
	buf, err := t.pool.Alloc(len(src))
	if err != nil {
		return t.noRoom(c, err)
	}
	row := t.row(buf.Offset())
	lo := int(row) * t.dim
	wire.CopyRows(t.rows[lo:lo+vectors*t.dim], src)
	t.pool.Freeze(buf)
	t.pending = append(t.pending, batcher.Request{
		Key: uint64(c.key), Row: row, Vectors: uint16(vectors), Source: t.cfg.Source,
	})
	t.tally.Requests++
	t.tally.Vectors += uint64(vectors)
	t.admitted(c.key)
	t.inFlight++
	c.inFlight++
	c.reserved += uint32(t.format.ResponseBytes(vectors))
	if t.pendingRows += vectors; t.pendingRows >= publishRows || len(t.pending) == cap(t.pending) {
		t.publish()
	}
	return true
}

// row returns the number of the row that begins at the pool's byte offset.
func (t *Thread) row(offset int) uint32 { return uint32(offset / t.rowBytes) }

// noRoom counts why the pool refused a request. It reports whether c is finished: a
// request that is too large for the whole pool ends its connection.
func (t *Thread) noRoom(c *conn, err error) bool {
	if _, never := err.(*bufpool.TooLarge); never {
		t.tally.PoolTooLarge++
		t.close(c)
		return true
	}
	t.countWait(c, &t.tally.PoolFull)
	return false
}

// countWait counts once that a request found no room. It does not count again while the
// connection is in a queue.
func (t *Thread) countWait(c *conn, reason *uint64) {
	if c.queue == nil {
		*reason++
	}
}

// violate ends the input of a peer that broke the protocol. The requests before the
// violation are answered; nothing after it is read. b begins with the count that is not
// allowed, and rest is how many bytes of c's stream have been received from b on.
func (t *Thread) violate(c *conn, b []byte, rest int) {
	t.tally.ProtocolErrors++
	count := binary.LittleEndian.Uint32(b)
	if c.version == 2 {
		c.denying, c.deniedCount = true, count
	}
	t.endInput(c)
	if t.cfg.Violations != nil {
		t.cfg.Violations.Note(t.peer(c), violation.Seen{
			Format: t.format, Offset: c.received - uint64(rest), Count: count, After: b[wire.HeaderBytes:],
		})
	}
}

// deny tells the peer of a version 2 connection which count was not allowed, after all answers.
func (t *Thread) deny(c *conn) {
	c.denying = false
	t.appendExtra(c, func(b []byte) []byte { return wire.AppendFailure(b, wire.CountDenied, c.deniedCount) })
}

// resume parses the receive buffers of stalled connections, first come, first served. It
// stops at the first connection that still finds no room. It reports whether any request was
// admitted or answered.
func (t *Thread) resume() bool {
	before := t.tally.Requests
	for c := t.stalled.front(); c != nil; c = t.stalled.front() {
		if t.reading = c.delivered; !t.parse(c) {
			break
		}
		c.leave()
		t.markDirty(c)
	}
	return t.tally.Requests > before
}

func (t *Thread) dropPartial(c *conn) {
	if c.partial.block != blocks.None {
		t.partials.Put(c.partial.block)
		c.partial = partial{block: blocks.None}
		t.restartTimeout(c)
	}
}
