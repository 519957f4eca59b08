//go:build linux

package loop

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// hand publishes what was admitted in one claim and, inline, scores it. The
// claim cannot fail: the thread never has more in flight than its share of the
// ring.
func (t *Thread) hand() {
	n := len(t.pending)
	if n == 0 {
		return
	}
	lo, ok := t.requests.Claim(n)
	if !ok {
		panic("loop: request ring full within the thread's share of it")
	}
	first, second := t.requests.Slots(lo, n)
	copy(second, t.pending[copy(first, t.pending):])
	t.requests.Publish(lo, n)
	t.pending, t.pendingRows = t.pending[:0], 0
	t.tally.maxInFlight = max(t.tally.maxInFlight, t.inFlight)
	t.tally.maxPool = max(t.tally.maxPool, t.pool.InUse())
	if t.batcher != nil {
		t.batcher.Poll()
		t.collect()
	}
}

// collect takes the answers that are there to their connections and frees their
// rows.
func (t *Thread) collect() {
	for {
		lo, n := t.responses.Poll(t.cfg.Limits.InFlight)
		if n == 0 {
			return
		}
		t.tally.maxResponses = max(t.tally.maxResponses, n)
		first, second := t.responses.Slots(lo, n)
		t.respondAll(first)
		t.respondAll(second)
		t.responses.Release(n)
		t.inFlight -= n
	}
}

func (t *Thread) respondAll(responses []batcher.Response) {
	for i := range responses {
		r := &responses[i]
		if c := t.conns.Get(slab.Key(r.Key)); c != nil {
			t.respond(c, r)
		}
		t.pool.Release(bufpool.Span{Offset: int(r.Row) * t.rowBytes, Size: int(r.Vectors) * t.rowBytes})
	}
}

// respond appends an answer to c's output, for which room was reserved.
func (t *Thread) respond(c *conn, r *batcher.Response) {
	size := uint32(wire.ResponseBytes(int(r.Vectors)))
	c.inFlight--
	c.reserved -= size
	t.touch(c)
	if r.Failed != 0 {
		t.tally.failed++
		c.failed = true
		t.endInput(c) // the answers before this one are sent, none after it
	}
	if c.failed || c.phase == closing {
		return
	}
	if c.out.block == blocks.None {
		c.out.block = t.outputs.Get()
	}
	dst := t.outputs.Bytes(c.out.block)[c.out.size : c.out.size : c.out.size+size]
	wire.AppendResponse(dst, t.scores[r.Row:r.Row+uint32(r.Vectors)])
	c.out.size += size
	t.tally.sent++
}
