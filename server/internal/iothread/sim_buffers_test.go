//go:build linux

package iothread

// buffers are the receive buffers: each is the kernel's or the thread's.
type buffers struct {
	w        *world
	memory   []byte
	free     []uint16 // the kernel's, in the order of their return
	returned []uint16 // are the kernel's from the next turn on
	lent     [ReceiveBuffers]int
}

// home: the kernel has the buffer. Otherwise lent is how many bytes the thread may
// read in it.
const home = -1

// receiveMemory is every world's in turn.
var receiveMemory = make([]byte, ReceiveBuffers*ReceiveBytes)

func (b *buffers) reset(w *world) {
	b.w, b.memory = w, receiveMemory
	for id := range b.lent {
		b.lent[id] = home
		b.free = append(b.free, uint16(id))
	}
}

func (b *buffers) publish() {
	b.free = append(b.free, b.returned...)
	b.returned = b.returned[:0]
}

func (b *buffers) bytes(id uint16) []byte {
	lo := int(id) * ReceiveBytes
	return b.memory[lo : lo+ReceiveBytes]
}

// lend gives the next buffer to the thread, with n bytes received in it.
func (b *buffers) lend(n int) (id uint16) {
	id, b.free = b.free[0], b.free[1:]
	b.lent[id] = n
	return id
}

// count is how many buffers the thread has.
func (b *buffers) count() int { return ReceiveBuffers - len(b.free) - len(b.returned) }

// Buffer implements [Kernel].
func (k *kernel) Buffer(id uint16, n int) []byte {
	k.w.meddle()
	b := &k.buffers
	if b.lent[id] == home || n > b.lent[id] {
		k.w.fail("%d bytes of receive buffer %d asked for, which has %d for the thread", n, id, b.lent[id])
	}
	return b.bytes(id)[:n:n]
}

// Recycle implements [Kernel]. It spoils the buffer for whoever still reads it.
func (k *kernel) Recycle(id uint16) {
	k.w.meddle()
	b := &k.buffers
	if b.lent[id] == home {
		k.w.fail("receive buffer %d recycled, which the thread does not have", id)
	}
	spoiled := b.bytes(id)[:b.lent[id]]
	for i := range spoiled {
		spoiled[i] = 0xee
	}
	b.lent[id] = home
	b.returned = append(b.returned, id)
}
