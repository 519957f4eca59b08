//go:build linux

package iothread

import (
	"math"

	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/wire"
)

// packed is how many vectors of one request are a batch of their own for a model
// that wants its rows side by side.
const packed = 8

// scoreInPlace answers the whole requests that data begins with, as far as the
// model can score them where they lie, and returns what is left of data. Their rows
// are not copied and pass through no ring.
//
// Only a thread that scores for itself can do so, and only for a connection that has
// nothing in flight: its answers are in order.
func (t *Thread) scoreInPlace(c *conn, data []byte) []byte {
	if t.batcher == nil || c.inFlight > 0 {
		return data
	}
	words, ok := wire.Floats(data[:len(data)&^3])
	if !ok {
		return data
	}
	taken := 0
	for c.phase == open && taken < len(words) {
		vectors, count := t.alike(words[taken:])
		if count == 0 || vectors < packed && !t.batcher.Strided() {
			break
		}
		size := 1 + vectors*t.dim
		t.answerInPlace(c, words[taken:taken+count*size], vectors, count)
		taken += count * size
	}
	return data[4*taken:]
}

// align moves data, the last bytes of c's receive buffer, down to a multiple of four
// bytes, where floats may be read: the first part of a request can have ended anywhere.
func (t *Thread) align(c *conn, data []byte) []byte {
	h := &c.held
	lo := h.hi - uint32(len(data))
	off := lo % 4
	if t.batcher == nil || off == 0 || len(data) == 0 {
		return data
	}
	h.hi -= off
	moved := t.kernel.Buffer(h.buffer, int(h.hi))[lo-off:]
	copy(moved, data)
	return moved
}

// alike returns the size of the first request in words, and how many whole ones of
// that size words begins with: none, if the first is not whole or not valid.
func (t *Thread) alike(words []float32) (vectors, count int) {
	header := math.Float32bits(words[0])
	if header-1 >= uint32(t.format.MaxVectors) { // 0 wraps to the largest
		return 0, 0
	}
	vectors = int(header)
	size := 1 + vectors*t.dim
	for len(words) >= size && math.Float32bits(words[0]) == header {
		count++
		if words = words[size:]; len(words) == 0 {
			break
		}
	}
	return vectors, count
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
	if vectors == 1 && t.batcher.Strided() {
		answered = t.answerSingles(words, out, count)
	} else {
		answered = t.answerEach(words, out, vectors, count)
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
func (t *Thread) answerEach(words, out []float32, vectors, count int) (answered int) {
	header := math.Float32frombits(uint32(vectors))
	size := vectors * t.dim
	for range count {
		if !t.batcher.ScoreInPlace(words[1:1+size:1+size], out[1:1+vectors:1+vectors]) {
			return answered
		}
		out[0] = header
		words, out = words[1+size:], out[1+vectors:]
		answered++
	}
	return answered
}
