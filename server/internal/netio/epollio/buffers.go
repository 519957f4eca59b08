//go:build linux

package epollio

import (
	"fmt"
	"math/bits"

	"github.com/disrust/disrust/server/internal/netio"
)

const allFree = 1<<netio.ReceiveBuffers - 1 // the buffers fit the bits of a word

// takeBuffer takes the first free receive buffer. If few buffers are in use at a time, the
// backend uses the same few again, and they stay in the cache.
func (b *Backend) takeBuffer() (id int16, ok bool) {
	if b.free == 0 {
		return netio.NoBuffer, false
	}
	id = int16(bits.TrailingZeros64(b.free))
	b.free &= b.free - 1
	return id, true
}

// Buffer implements [netio.Backend].
func (b *Backend) Buffer(id int16, n int) []byte {
	if b.free>>id&1 != 0 {
		panic(fmt.Sprintf("epollio: receive buffer %d is free", id))
	}
	at := int(id) * b.receiveBytes
	return b.memory[at : at+n : at+n]
}

// Recycle implements [netio.Backend].
func (b *Backend) Recycle(id int16) {
	b.Buffer(id, 0) // panics if the buffer is free
	b.free |= 1 << id
}
