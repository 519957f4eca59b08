//go:build linux

package loop

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// A request is scored in one of two ways. In place: the model reads the rows in the receive
// buffer, and the scores go straight into the connection's output (scoreInPlace). Through
// the pool: admit copies the rows into the pool, publish hands the request to a batcher,
// and collect and respond write its answer to the connection's output. The requests that wait in
// the pool, of all connections, are one matrix.

// minPackedVectors is the smallest request, in vectors, that the thread scores in place with a
// model that wants packed rows. Such a request is a batch by itself.
const minPackedVectors = 8

// ScoreInline makes the thread score its own requests with b. The model gains by more rows per
// call until a call has enough of them: calls of fewer rows are gathered, if there is anything to
// gather them with. If enough is 1, the model gains nothing.
func (t *Thread) ScoreInline(b *batcher.Batcher, enough int) {
	t.batcher, t.least = b, 1
	if !b.Strided() {
		t.least = minPackedVectors
	}
	t.enough = max(enough, t.least)
}

// maxSingles returns the most requests of one vector that are scored in place at once: as
// many as one receive brings. It is at least 1, for a request that takes several receives.
func maxSingles(f wire.Format) int { return max(1, ReceiveBytes(f)/f.RequestBytes(1)) }

// scoreInPlace answers whole requests at the beginning of data, as many as the model can
// score where they lie, and returns the rest of data. Their rows are not copied and pass
// through no ring.
//
// It does so only if the thread scores for itself, and only while the connection has nothing
// in flight: otherwise these answers would overtake earlier ones. more is how many bytes of c's
// stream are at hand behind data.
func (t *Thread) scoreInPlace(c *conn, data []byte, more int) []byte {
	if t.batcher == nil {
		return data
	}
	requests, vectors := t.tally.Requests, t.tally.Vectors
	for c.inFlight == 0 && c.phase == open {
		run := t.format.ParseRun(data)
		if run.Count == 0 || !t.suits(run, len(data)+more) {
			break
		}
		floats, ok := wire.Floats(data[:run.Bytes])
		if !ok {
			break
		}
		t.answerInPlace(c, floats, run)
		data = data[run.Bytes:]
	}
	if n := t.tally.Requests - requests; n > 0 {
		t.answeredInPlace(c.key, n, t.tally.Vectors-vectors)
	}
	return data
}

// suits reports whether to score a run in place. size is how many bytes of the stream are at hand.
// The calls of the model must have enough rows, or one call must score all that is at hand in this
// turn.
func (t *Thread) suits(run wire.Run, size int) bool {
	rows, calls := run.Vectors, run.Count
	if rows == 1 && t.least == 1 {
		rows, calls = run.Count, 1
	}
	alone := calls == 1 && run.Bytes == size && len(t.pending) == 0 && t.handled == len(t.events)
	return rows >= t.enough || rows >= t.least && alone
}

// align moves data, the last bytes of c's receive buffer, down to a multiple of four bytes,
// where floats can be read in place. Data after a completed partial request can begin at
// any address.
func (t *Thread) align(c *conn, data []byte) []byte {
	h := &c.held
	lo := h.hi - uint32(len(data))
	off := lo % 4
	if t.batcher == nil || c.inFlight > 0 || off == 0 || len(data) == 0 {
		return data
	}
	h.hi -= off
	moved := t.backend.Buffer(h.buffer, int(h.hi))[lo-off:]
	copy(moved, data)
	return moved
}

// answerInPlace scores a run of requests, until the model fails for one, and appends the
// answers to c's output. The output has room: the receive was armed only while it had.
func (t *Thread) answerInPlace(c *conn, requests []float32, run wire.Run) {
	if c.model != t.model {
		t.tellModel(c)
	}
	size := t.format.ResponseBytes(run.Vectors)
	out, _ := wire.Floats(t.outputRoom(c, run.Count*size))
	var answered int
	var fault batcher.Fault
	if run.Vectors == 1 { // the model is strided: see suits
		answered, fault = t.answerSingles(requests, out, run.Count)
	} else {
		answered, fault = t.answerEach(requests, out, run)
	}
	c.out.size += uint32(answered * size)
	t.markDirty(c)
	t.tally.Answers += uint64(answered)
	t.asked(answered, run)
	if answered < run.Count {
		t.asked(1, run)
		t.modelFailed(c, fault)
		t.answerRest(c, requests, run, answered+1)
	}
}

// answerRest answers the requests of a run from the next-th on, after the model failed for one
// of the run. It calls the model once per request. So a run in which the model always fails takes
// no more than twice the time, and what the batcher needs to find which rows fail.
func (t *Thread) answerRest(c *conn, requests []float32, run wire.Run, next int) {
	size, request := t.format.ResponseBytes(run.Vectors), t.format.RequestFloats(run.Vectors)
	for next < run.Count && c.phase == open {
		left := wire.Run{Count: run.Count - next, Vectors: run.Vectors}
		out, _ := wire.Floats(t.outputRoom(c, left.Count*size))
		answered, fault := t.answerEach(requests[next*request:], out, left)
		c.out.size += uint32(answered * size)
		t.tally.Answers += uint64(answered)
		t.asked(answered, run)
		if next += answered + 1; answered < left.Count {
			t.asked(1, run)
			t.modelFailed(c, fault)
		}
	}
}

// asked counts requests of a run that were scored, or for which the model failed.
func (t *Thread) asked(count int, run wire.Run) {
	t.tally.Requests += uint64(count)
	t.tally.Vectors += uint64(count * run.Vectors)
}

// answerSingles scores requests of one vector with one call of the model. It returns how
// many it answered, and how the model failed for the next one.
func (t *Thread) answerSingles(requests, out []float32, count int) (answered int, fault batcher.Fault) {
	scores := t.singles[:count*t.format.Outputs]
	answered, fault = t.batcher.ScoreApart(requests[wire.HeaderFloats:], t.format.RequestFloats(1), scores)
	t.format.PutSingles(out[:answered*t.format.ResponseFloats(1)], scores[:answered*t.format.Outputs])
	return answered, fault
}

// answerEach calls the model once per request. It returns how many it answered, and how the
// model failed for the next one.
func (t *Thread) answerEach(requests, out []float32, run wire.Run) (answered int, fault batcher.Fault) {
	response := t.format.ResponseFloats(run.Vectors)
	answered, fault = t.batcher.ScoreInPlace(requests[wire.HeaderFloats:], out[wire.HeaderFloats:], batcher.Layout{
		Count: run.Count, Vectors: run.Vectors, RowStride: t.format.RequestFloats(run.Vectors), ScoreStride: response,
	})
	t.format.PutHeaders(out[:answered*response], run.Vectors)
	return answered, fault
}

// publish hands the pending requests to the batcher in one claim, and scores them if the
// thread scores for itself. The claim cannot fail: the thread never has more in flight
// than its share of the request ring.
func (t *Thread) publish() {
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
	t.tally.MaxInFlight = max(t.tally.MaxInFlight, int64(t.inFlight))
	t.tally.MaxPoolBytes = max(t.tally.MaxPoolBytes, int64(t.pool.InUse()))
	if t.batcher != nil {
		t.batcher.Poll()
		t.collect()
	}
}

// collect takes all published answers to their connections and frees their rows.
func (t *Thread) collect() {
	for {
		lo, n := t.responses.Poll(t.cfg.Limits.InFlight)
		if n == 0 {
			return
		}
		t.tally.MaxResponses = max(t.tally.MaxResponses, int64(n))
		first, second := t.responses.Slots(lo, n)
		t.respondAll(lo, first)
		t.respondAll(lo+ringbuf.Sequence(len(first)), second)
		t.responses.Release(n)
	}
}

// respondAll takes responses, of which the first is in the slot of sequence seq, to their connections.
func (t *Thread) respondAll(seq ringbuf.Sequence, responses []batcher.Response) {
	for len(responses) > 0 {
		count := 1
		if responses[0].Vectors == 0 {
			t.anotherModel()
		} else {
			count = t.group(t.cfg.Batches, seq, len(responses))
			t.answered(count, t.respondGroup(responses[:count]))
		}
		responses = responses[count:]
		seq += ringbuf.Sequence(count)
	}
}

// respondGroup takes responses of one read and one batch to their connection. It returns how many vectors
// they answer.
func (t *Thread) respondGroup(responses []batcher.Response) (vectors uint32) {
	for i := range responses {
		r := &responses[i]
		if c := t.conns.Get(slab.Key(r.Key)); c != nil {
			t.respond(c, r)
		}
		vectors += uint32(r.Vectors)
		t.pool.Release(bufpool.Span{Offset: int(r.Row) * t.rowBytes, Size: int(r.Vectors) * t.rowBytes})
	}
	t.inFlight -= len(responses)
	t.behind -= len(responses)
	return vectors
}

// respond appends an answer to c's output, where room was reserved for it.
func (t *Thread) respond(c *conn, r *batcher.Response) {
	size := t.format.ResponseBytes(int(r.Vectors))
	c.inFlight--
	c.reserved -= uint32(size)
	t.markDirty(c)
	if c.model != t.model {
		t.tellModel(c)
	}
	lo, hi := int(r.Row)*t.format.Outputs, int(r.Row+uint32(r.Vectors))*t.format.Outputs
	if r.Failed != 0 {
		t.modelFailed(c, r.Fault(t.scores[lo:hi]))
		return
	}
	if c.failed || c.phase == closing {
		return
	}
	wire.AppendResponse(t.outputRoom(c, size)[:0], int(r.Vectors), t.scores[lo:hi])
	c.out.size += uint32(size)
	t.tally.Answers++
}

// outputRoom returns the next size bytes of c's output. The caller has reserved them.
func (t *Thread) outputRoom(c *conn, size int) []byte {
	if c.out.block == blocks.None {
		c.out.block = t.outputs.Get()
	}
	lo, hi := int(c.out.size), int(c.out.size)+size
	return t.outputs.Bytes(c.out.block)[lo:hi:hi]
}

// modelFailed answers a request for which the model failed. In version 1 there is no such
// answer: the thread sends the answers to the requests before that one, and no later answer.
func (t *Thread) modelFailed(c *conn, fault batcher.Fault) {
	t.tally.ModelFailures++
	switch {
	case c.phase == closing:
	case c.version == 1:
		c.failed = true
		t.endInput(c)
	default: // a failure is never larger than the answer for which there is room
		wire.AppendFailure(t.outputRoom(c, wire.FailureBytes)[:0], fault.Code, fault.Row)
		c.out.size += wire.FailureBytes
	}
}
