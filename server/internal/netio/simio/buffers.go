//go:build linux

package simio

import "github.com/disrust/disrust/server/internal/netio"

// buffers are the receive buffers: each is the kernel's or the machine's.
type buffers struct {
	memory   []byte
	free     []int16 // the kernel's, in the order of their return
	returned []int16 // are the kernel's from the next turn on
	lent     [netio.ReceiveBuffers]int
}

// home: the kernel has the buffer. Otherwise lent is how many bytes the machine may
// read in it.
const home = -1

// receiveMemory is every kernel's in turn.
var receiveMemory = make([]byte, netio.ReceiveBuffers*netio.ReceiveBytes)

func (b *buffers) reset() {
	b.memory = receiveMemory
	for id := range b.lent {
		b.lent[id] = home
		b.free = append(b.free, int16(id))
	}
}

func (b *buffers) publish() {
	b.free = append(b.free, b.returned...)
	b.returned = b.returned[:0]
}

func (b *buffers) bytes(id int16) []byte {
	lo := int(id) * netio.ReceiveBytes
	return b.memory[lo : lo+netio.ReceiveBytes]
}

// lend gives the next buffer to the machine, with n bytes received in it.
func (b *buffers) lend(n int) (id int16) {
	id, b.free = b.free[0], b.free[1:]
	b.lent[id] = n
	return id
}

// Buffers is how many receive buffers the machine has, of which it has heard or will
// hear with the next events.
func (k *Kernel) Buffers() int {
	return netio.ReceiveBuffers - len(k.buffers.free) - len(k.buffers.returned)
}

// Undelivered is how many of them the machine has not heard of yet.
func (k *Kernel) Undelivered() int {
	count := 0
	for _, e := range k.completed {
		if e.Buffer != netio.NoBuffer {
			count++
		}
	}
	return count
}

// Buffer implements [netio.Backend].
func (k *Kernel) Buffer(id int16, n int) []byte {
	k.world.Meddle()
	b := &k.buffers
	if b.lent[id] == home || n > b.lent[id] {
		k.world.Fail("%d bytes of receive buffer %d asked for, which has %d for the thread", n, id, b.lent[id])
	}
	return b.bytes(id)[:n:n]
}

// Recycle implements [netio.Backend]. It spoils the buffer for whoever still reads it.
func (k *Kernel) Recycle(id int16) {
	k.world.Meddle()
	b := &k.buffers
	if b.lent[id] == home {
		k.world.Fail("receive buffer %d recycled, which the thread does not have", id)
	}
	spoiled := b.bytes(id)[:b.lent[id]]
	for i := range spoiled {
		spoiled[i] = 0xee
	}
	b.lent[id] = home
	b.returned = append(b.returned, id)
}
