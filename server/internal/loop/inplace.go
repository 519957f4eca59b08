//go:build linux

package loop

import (
	"encoding/binary"
	"math"

	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

// packed is how many vectors of one request are a batch of their own for a model
// that wants its rows side by side.
const packed = 8

// singles is how many requests of one vector are scored in place at once, at most: as
// many as a receive brings, or one that took several receives.
func singles(f wire.Format) int { return max(1, netio.ReceiveBytes/f.RequestBytes(1)) }

// scoreInPlace answers the whole requests that data begins with, as far as the
// model can score them where they lie, and returns what is left of data. Their rows
// are not copied and pass through no ring.
//
// Only a thread that scores for itself can do so, and only for a connection that has
// nothing in flight: its answers are in order.
func (t *Thread) scoreInPlace(c *conn, data []byte) []byte {
	for t.batcher != nil && c.inFlight == 0 && c.phase == open {
		vectors, count := t.alike(data)
		if count == 0 || vectors < packed && !t.batcher.Strided() {
			break
		}
		size := count * t.format.RequestBytes(vectors)
		words, ok := wire.Floats(data[:size])
		if !ok {
			break
		}
		t.answerInPlace(c, words, vectors, count)
		data = data[size:]
	}
	return data
}

// align moves data, the last bytes of c's receive buffer, down to a multiple of four
// bytes, where floats may be read: the first part of a request can have ended anywhere.
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

// alike returns the size of the first request in data, and how many whole ones of
// that size data begins with: none, if the first is not whole or not valid.
func (t *Thread) alike(data []byte) (vectors, count int) {
	f := t.format.ParseRequest(data)
	if f.Status != wire.Complete {
		return 0, 0
	}
	for len(data) >= f.Bytes && binary.LittleEndian.Uint32(data) == uint32(f.Vectors) {
		count++
		if data = data[f.Bytes:]; len(data) == 0 {
			break
		}
	}
	return f.Vectors, count
}

// answerInPlace scores count requests of the same size, until the model fails for
// one, and appends the answers to c's output. There is room for them: the receive
// was armed only while there was.
func (t *Thread) answerInPlace(c *conn, words []float32, vectors, count int) {
	if c.out.block == blocks.None {
		c.out.block = t.outputs.Get()
	}
	answer := wire.ResponseBytes(vectors)
	lo := int(c.out.size)
	out, _ := wire.Floats(t.outputs.Bytes(c.out.block)[lo : lo+count*answer])
	var answered int
	if vectors == 1 { // then the model is strided: see scoreInPlace
		answered = t.answerSingles(words, out, count)
	} else {
		answered = t.answerEach(words, out, vectors)
	}
	c.out.size += uint32(answered * answer)
	t.touch(c)
	t.tally.published += uint64(answered)
	t.tally.sent += uint64(answered)
	if answered < count {
		t.tally.published++
		t.tally.failed++
		c.failed = true
		t.endInput(c) // the answers before this one are sent, none after it
	}
}

// answerSingles is for requests of one vector: one call of the model.
func (t *Thread) answerSingles(words, out []float32, count int) (answered int) {
	scores := t.singles[:count]
	answered = t.batcher.ScoreApart(words[1:], 1+t.dim, scores)
	header := math.Float32frombits(1)
	for i, score := range scores[:answered] {
		out[2*i], out[2*i+1] = header, score
	}
	return answered
}

// answerEach is a call of the model for each request.
func (t *Thread) answerEach(words, out []float32, vectors int) (answered int) {
	answered = t.batcher.ScoreInPlace(words, out, vectors)
	header := math.Float32frombits(uint32(vectors))
	for i := range answered {
		out[i*(1+vectors)] = header
	}
	return answered
}
