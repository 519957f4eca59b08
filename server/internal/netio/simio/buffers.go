//go:build linux

package simio

import "github.com/disrust/disrust/server/internal/netio"

// buffers holds the receive buffers. Each belongs either to the kernel or to the machine.
type buffers struct {
	size     int // of each buffer
	memory   []byte
	free     []int16                   // the kernel's, in the order in which they were returned
	returned []int16                   // the kernel's from the next turn on
	lent     [netio.ReceiveBuffers]int // how many bytes the machine may read in each; or kernelOwned
}

// kernelOwned as a value of lent means that the kernel owns the buffer.
const kernelOwned = -1

// receiveMemory is shared by all kernels, one after the other.
var receiveMemory = make([]byte, netio.ReceiveBuffers*netio.ReceiveBytes)

func (b *buffers) reset(size int) {
	b.size, b.memory = size, receiveMemory[:netio.ReceiveBuffers*size]
	for id := range b.lent {
		b.lent[id] = kernelOwned
		b.free = append(b.free, int16(id))
	}
}

func (b *buffers) publish() {
	b.free = append(b.free, b.returned...)
	b.returned = b.returned[:0]
}

func (b *buffers) bytes(id int16) []byte {
	lo := int(id) * b.size
	return b.memory[lo : lo+b.size]
}

// lend gives the machine the next free buffer, which holds n received bytes.
func (b *buffers) lend(n int) (id int16) {
	id, b.free = b.free[0], b.free[1:]
	b.lent[id] = n
	return id
}

// Buffers returns how many receive buffers the machine has, including those that the next
// events bring.
func (k *Kernel) Buffers() int {
	return netio.ReceiveBuffers - len(k.buffers.free) - len(k.buffers.returned)
}

// Undelivered returns how many buffers completed events bring that the machine does not
// have yet.
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
	k.world.Interleave()
	b := &k.buffers
	if b.lent[id] == kernelOwned || n > b.lent[id] {
		k.world.Fail("asked for %d bytes of receive buffer %d, which holds %d for the thread", n, id, b.lent[id])
	}
	return b.bytes(id)[:n:n]
}

// Recycle implements [netio.Backend]. It overwrites the buffer, so that anyone who still
// reads it gets wrong bytes.
func (k *Kernel) Recycle(id int16) {
	k.world.Interleave()
	b := &k.buffers
	if b.lent[id] == kernelOwned {
		k.world.Fail("recycles receive buffer %d, which the thread does not have", id)
	}
	spoiled := b.bytes(id)[:b.lent[id]]
	for i := range spoiled {
		spoiled[i] = 0xee
	}
	b.lent[id] = kernelOwned
	b.returned = append(b.returned, id)
}
