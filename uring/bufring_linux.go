package uring

import (
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const maxBuffers = 1 << 15

// BufRing lends the kernel buffers of one size to receive into. The kernel picks a
// buffer when data has arrived and names it in the completion ([CQE.BufferID]).
//
// Each buffer belongs either to the kernel or to the caller. [BufRing.Bytes] takes
// the buffer that a completion names; [BufRing.Recycle] and then [BufRing.Publish]
// give it back. The caller must give back every buffer that a completion names, or
// the ring runs out of buffers. Only the thread that owns the Ring may use it.
type BufRing struct {
	slots  []bufSlot
	data   []byte
	size   int
	mask   uint16
	next   uint16 // end of the filled slots; wraps at 2^16, as the tail does
	taken  []bool // by buffer ID: whether the caller has the buffer
	held   int    // how many of taken are true
	group  uint16
	ring   *Ring
	memory mapping
}

// bufSlot is struct io_uring_buf. Slot 0 is also the ring's header: the ring's tail
// is its last two bytes.
type bufSlot struct {
	addr uint64
	len  uint32
	id   uint16
	tail uint16 // the ring's tail in slot 0; reserved in the others
}

// bufReg is struct io_uring_buf_reg.
type bufReg struct {
	addr    uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

var (
	_ [16]byte = [unsafe.Sizeof(bufSlot{})]byte{}
	_ [40]byte = [unsafe.Sizeof(bufReg{})]byte{}
	// The header word that Publish stores: the ID and the tail of slot 0.
	_ [12]byte = [unsafe.Offsetof(bufSlot{}.id)]byte{}
	_ [14]byte = [unsafe.Offsetof(bufSlot{}.tail)]byte{}
)

// NewBufRing registers count buffers of size bytes as group and lends them all to
// the kernel. count is a power of two, at most 32,768. group is any number that
// no other BufRing of r has. NewBufRing maps and touches count * (size + 16) bytes
// of memory. Linux 5.19.
func (r *Ring) NewBufRing(group uint16, count, size int) (*BufRing, error) {
	if count < 1 || count > maxBuffers || bits.OnesCount(uint(count)) != 1 {
		return nil, fmt.Errorf("uring: %d buffers: must be a power of two, at most %d", count, maxBuffers)
	}
	if size < 1 || size > math.MaxInt32/2 || size > (math.MaxInt-count*16)/count {
		return nil, fmt.Errorf("uring: %d buffers of %d bytes: must be 1 byte to 1 GiB each", count, size)
	}
	slotBytes := count * int(unsafe.Sizeof(bufSlot{}))
	memory, err := mapPrivate(uintptr(slotBytes + count*size))
	if err != nil {
		return nil, err
	}
	b := &BufRing{
		slots:  unsafe.Slice((*bufSlot)(memory.at(0)), count),
		data:   unsafe.Slice((*byte)(memory.at(uint32(slotBytes))), count*size),
		size:   size,
		mask:   uint16(count - 1),
		taken:  make([]bool, count),
		group:  group,
		ring:   r,
		memory: memory,
	}
	if err := b.register(); err != nil {
		memory.unmap()
		return nil, err
	}
	for id := range count {
		b.push(uint16(id))
	}
	b.Publish()
	return b, nil
}

func (b *BufRing) register() error {
	reg := bufReg{addr: address(b.memory.base), entries: uint32(len(b.slots)), group: b.group}
	switch errno := sysRegister(b.ring.fd, registerProvidedBuffers, unsafe.Pointer(&reg), 1); errno {
	case 0:
		return nil
	case unix.EINVAL:
		return &UnsupportedError{Feature: "IORING_REGISTER_PBUF_RING", Linux: oldest, Errno: errno}
	default:
		return registerError(fmt.Sprint("register buffer group ", b.group), errno)
	}
}

// Bytes returns the first n bytes of buffer id. The caller has both from one
// completion: its BufferID is id and its Res is n. The buffer belongs to the caller
// until Recycle; until then, another call of Bytes returns the same memory.
func (b *BufRing) Bytes(id uint16, n int) []byte {
	if int(id) >= len(b.taken) || n < 0 || n > b.size {
		panic("uring: no buffer has this ID, or the buffer has fewer bytes")
	}
	if !b.taken[id] {
		b.taken[id] = true
		b.held++
	}
	start := int(id) * b.size
	return b.data[start : start+n : start+n]
}

// Recycle queues buffer id for the kernel; the kernel sees it at the next Publish.
// From then on the caller must not use slices that Bytes returned.
//
// Recycle panics unless Bytes has taken the buffer since it was last recycled. If a
// buffer were given back twice, the kernel would fill it for two sockets. To drop a
// buffer unread, call Bytes(id, 0) first.
func (b *BufRing) Recycle(id uint16) {
	if int(id) >= len(b.taken) || !b.taken[id] {
		panic("uring: recycled a buffer that Bytes did not take")
	}
	b.taken[id] = false
	b.held--
	b.push(id)
}

// push fills the next slot. A free slot is always there: the ring has as many slots
// as buffers, and the kernel empties slots in order, one for each buffer that it
// hands out.
func (b *BufRing) push(id uint16) {
	s := &b.slots[b.next&b.mask]
	s.addr = address(unsafe.Pointer(&b.data[int(id)*b.size]))
	s.len = uint32(b.size)
	s.id = id
	b.next++
}

// Publish shows the kernel all buffers recycled so far. It costs one atomic store,
// so recycle a batch of buffers before each Publish.
//
// Ordering: the store of the tail releases the slots filled before; it pairs with
// the kernel's acquire of the tail when it picks a buffer. Go has no 16-bit
// atomics, so the store covers an aligned 32-bit word: the ID of slot 0 and, after
// it, the tail. The store writes that ID back unchanged. This is safe whether or
// not the kernel holds slot 0: this thread was the last to fill slot 0, and the
// kernel writes neither half, so the kernel reads the same ID before and after. The
// word is assembled in memory, so it is right for either byte order.
func (b *BufRing) Publish() {
	var word uint32
	halves := (*[2]uint16)(unsafe.Pointer(&word))
	halves[0], halves[1] = b.slots[0].id, b.next
	(*atomic.Uint32)(unsafe.Pointer(&b.slots[0].id)).Store(word)
}

// Free returns how many buffers the caller does not hold. The kernel may already
// have filled some of them for completions that the caller has not copied yet.
func (b *BufRing) Free() int { return len(b.slots) - b.held }

// Close takes the buffers back from the kernel and unmaps them. No receive that
// uses the group may be in flight, and the caller must not use slices that Bytes
// returned any more. Close may be called before or after the Ring's Close. A second
// call does nothing.
func (b *BufRing) Close() error {
	if b.memory.base == nil {
		return nil
	}
	var err error
	if b.ring.fd >= 0 {
		reg := bufReg{group: b.group}
		if errno := sysRegister(b.ring.fd, unregisterProvidedBuffers, unsafe.Pointer(&reg), 1); errno != 0 {
			err = registerError(fmt.Sprint("unregister buffer group ", b.group), errno)
		}
	}
	b.memory.unmap()
	*b = BufRing{ring: b.ring}
	return err
}
