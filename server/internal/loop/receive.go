//go:build linux

package loop

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

// arm asks for a receive for c, if c may receive and none is under way.
func (t *Thread) arm(c *conn) {
	if c.receiving || c.held.valid || c.queue != nil || c.eof || !t.hasRoom(c) {
		return
	}
	if t.draining && c.phase == open && t.drained(c) {
		t.endInput(c)
		return
	}
	t.ask(netio.Op{Code: netio.Receive, Key: uint64(c.key), FD: c.fd, Ready: c.more})
	c.since += t.ticks - c.paused
	c.receiving = true
	c.ops++
}

// hasRoom reports whether the answers to all that a receive can bring fit beside
// those that are on their way: the reservation of response space.
func (t *Thread) hasRoom(c *conn) bool {
	return int(c.out.size+c.reserved)+t.readBytes <= t.cfg.Limits.OutputBytes
}

// received takes the outcome of a receive.
func (t *Thread) received(c *conn, e *netio.Event) {
	c.receiving = false
	c.ops--
	if c.paused = t.ticks; c.partial.block == blocks.None && c.phase == open {
		t.restart(c)
	}
	t.touch(c)
	if e.Buffer != netio.NoBuffer {
		t.take(c, e.Buffer, int(max(e.N, 0)))
	}
	done := e.Outcome == netio.Done || e.Outcome == netio.DoneMore
	switch {
	case done && e.N > 0 && c.phase == open:
		c.more = e.Outcome == netio.DoneMore
		if c.measured {
			c.held.hi = min(c.held.hi, c.unread)
			c.unread -= c.held.hi
		}
		if t.stalled.count > 0 || !t.parse(c) {
			t.stalled.push(c)
		}
		return
	case done && e.N == 0:
		c.eof = true
		t.endInput(c)
	case done, e.Outcome == netio.Interrupted:
		// flush arms it again, if it is to go on
	case e.Outcome == netio.Starved:
		t.tally.starved++
		if c.phase == open {
			t.starved.push(c)
		}
	default:
		t.close(c)
	}
	t.recycle(c)
}

// endInput is the end of what c's peer asks, or of what it may ask.
func (t *Thread) endInput(c *conn) {
	if c.phase == open {
		c.phase = answering
	}
}

// parse answers or admits the requests in c's receive buffer and gives the buffer back. It
// reports false if there was no room for one: it and what follows stay there.
func (t *Thread) parse(c *conn) bool {
	h := &c.held
	rest, ok := t.admitAll(c, t.backend.Buffer(h.buffer, int(h.hi))[h.lo:])
	if !ok {
		h.lo = h.hi - uint32(len(rest))
		return false
	}
	t.recycle(c)
	return true
}

// admitAll answers or admits what data holds and returns what it could not, with false if
// that was for want of room.
func (t *Thread) admitAll(c *conn, data []byte) ([]byte, bool) {
	ok := true
	if c.phase != open {
		return nil, true // its last request's failure ended it while it waited
	}
	if c.partial.block != blocks.None {
		if data, ok = t.admitPartial(c, data); !ok {
			return data, false
		}
		data = t.align(c, data)
	}
	data = t.scoreInPlace(c, data)
	for c.phase == open && len(data) > 0 {
		f := t.format.ParseRequest(data)
		switch f.Status {
		case wire.Complete:
			if !t.admit(c, f.Vectors, data[wire.HeaderBytes:f.Bytes]) {
				return data, false
			}
			data = data[f.Bytes:]
		case wire.Incomplete:
			t.keep(c, data)
			return nil, true
		default:
			t.violate(c)
		}
	}
	return nil, true
}

// keep copies the beginning of a request out of the receive buffer.
func (t *Thread) keep(c *conn, data []byte) {
	c.partial = partial{block: t.partials.Get(), size: uint32(len(data))}
	t.restart(c)
	copy(t.partials.Bytes(c.partial.block), data)
}

// admitPartial completes the request that c has the beginning of with bytes of
// data and admits it. It returns the rest of data, and false for want of room:
// then the request is whole and the next call admits it.
func (t *Thread) admitPartial(c *conn, data []byte) ([]byte, bool) {
	p := &c.partial
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
		if len(t.scoreInPlace(c, block[:f.Bytes])) > 0 && !t.admit(c, f.Vectors, block[wire.HeaderBytes:f.Bytes]) {
			return data, false
		}
	default:
		t.violate(c)
	}
	t.dropPartial(c)
	return data, true
}

// admit copies a request's rows into the pool and queues it for the batcher. It
// reports false for want of room.
func (t *Thread) admit(c *conn, vectors int, src []byte) bool {
	if t.inFlight == t.cfg.Limits.InFlight {
		t.waits(c, &t.tally.ringFull)
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
	t.tally.published++
	t.inFlight++
	c.inFlight++
	c.reserved += uint32(wire.ResponseBytes(vectors))
	if t.pendingRows += vectors; t.pendingRows >= handRows || len(t.pending) == cap(t.pending) {
		t.hand()
	}
	return true
}

// row is the row that begins at offset of the pool.
func (t *Thread) row(offset int) uint32 { return uint32(offset / t.rowBytes) }

// noRoom counts why the pool refused a request, and reports whether c is done
// with: a request that no wait makes room for ends its connection.
func (t *Thread) noRoom(c *conn, err error) bool {
	if _, never := err.(*bufpool.TooLarge); never {
		t.tally.tooLarge++
		t.close(c)
		return true
	}
	t.waits(c, &t.tally.poolFull)
	return false
}

// waits counts a request that finds no room, once: not again while it is in line.
func (t *Thread) waits(c *conn, reason *uint64) {
	if c.queue == nil {
		*reason++
	}
}

// violate ends the input of a peer that broke the protocol: what it asked before
// is answered, nothing after it is read.
func (t *Thread) violate(c *conn) {
	t.tally.violations++
	t.endInput(c)
}

// resume goes on with connections that waited for room, first come, first served,
// and reports whether something was taken in.
func (t *Thread) resume() bool {
	before := t.tally.published
	for c := t.stalled.front(); c != nil && t.parse(c); c = t.stalled.front() {
		c.leave()
		t.touch(c)
	}
	return t.tally.published > before
}

// feed lends buffers to the backend and arms as many receives that were waiting for
// one, first come, first served: of more, some would find none again and be last.
func (t *Thread) feed() {
	t.lend()
	for free := t.lent; free > 0 && t.starved.count > 0; free-- {
		// Armed here, it is ahead of all that flush arms, and takes a buffer at
		// once: the connections that have just been served do not win again.
		c := t.starved.front()
		c.leave()
		c.more = true
		t.arm(c)
		t.touch(c)
	}
}

func (t *Thread) dropPartial(c *conn) {
	if c.partial.block != blocks.None {
		t.partials.Put(c.partial.block)
		c.partial = partial{block: blocks.None}
		t.restart(c)
	}
}
