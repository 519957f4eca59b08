//go:build linux

package iothread

import (
	"slices"
	"unsafe"

	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// operation is one that the kernel has begun.
type operation struct {
	uring.SQE
	code      uint8
	socket    *socket // of operations on a connection
	sent      int
	cancelled bool
}

var (
	names = map[uint8]string{opRecv: "receive", opSend: "send", opSendRest: "rest of a send",
		opAccept: "accept", opWake: "wake", opTick: "tick", opIgnore: "close or cancel"}
	opcodes = map[uint8]uring.Op{opRecv: uring.OpRecv, opSend: uring.OpSend, opSendRest: uring.OpSend,
		opAccept: uring.OpAccept, opWake: uring.OpRead, opTick: uring.OpTimeout}
)

// submit starts an operation. What cannot wait is over when it returns.
func (k *kernel) submit(sqe *uring.SQE) {
	key, code := slab.Unpack(sqe.UserData)
	k.w.note("thread: %s of %d, on descriptor %d", names[code], key.Index(), int(sqe.FD))
	if code == opIgnore {
		k.submitIgnored(sqe)
		return
	}
	if opcodes[code] != sqe.Opcode {
		k.w.fail("operation %d with the user data of a %s", sqe.Opcode, names[code])
	}
	o := &operation{SQE: *sqe, code: code}
	switch code {
	case opRecv, opSend, opSendRest:
		o.socket = k.socket(sqe.FD, key)
	case opAccept:
		if !k.listening || k.barred {
			k.w.fail("accepts, with the listener open: %t, and where it has just failed: %t", k.listening, k.barred)
		}
	}
	if code == opSend {
		k.sendNow(o)
		return
	}
	k.begin(o)
}

// submitIgnored starts what the thread takes no notice of.
func (k *kernel) submitIgnored(sqe *uring.SQE) {
	res := int32(0)
	if sqe.Opcode == uring.OpAsyncCancel {
		res = k.cancel(sqe.Addr)
	} else {
		k.close(sqe.FD)
	}
	if sqe.Flags&uring.SQECQESkipSuccess == 0 || res < 0 {
		k.post(sqe.UserData, res, 0)
	}
}

// socket is the connection of a descriptor, which belongs to one key for life.
func (k *kernel) socket(fd int32, key slab.Key) *socket {
	s := k.open(fd)
	if s.key == 0 {
		s.key = key
		if !s.peer.allowed() {
			k.w.fail("peer %d is served, at %s", s.peer.id, s.peer.addr)
		}
	}
	if s.key != key {
		k.w.fail("descriptor %d, of %#x, used for %#x", fd, uint64(s.key), uint64(key))
	}
	return s
}

func (k *kernel) begin(o *operation) {
	for _, other := range k.inFlight {
		if other.UserData == o.UserData {
			k.w.fail("a second %s while the first is under way", names[o.code])
		}
	}
	k.inFlight = append(k.inFlight, o)
	if o.socket != nil {
		o.socket.ops++
	}
	if o.code == opRecv && o.IOPrio&uring.RecvSendPollFirst == 0 && k.ready(o) {
		k.perform(o) // at once, ahead of those that wait
	}
}

// finish ends an operation with its last completion.
func (k *kernel) finish(o *operation, res int32, flags uint32) {
	k.post(o.UserData, res, flags)
	i := slices.Index(k.inFlight, o)
	k.inFlight = slices.Delete(k.inFlight, i, i+1)
	if o.socket != nil {
		o.socket.ops--
	}
}

func (k *kernel) post(userData uint64, res int32, flags uint32) {
	k.completed = append(k.completed, uring.CQE{UserData: userData, Res: res, Flags: flags})
}

// cancel asks an operation to end. It may still complete as if nothing was.
func (k *kernel) cancel(userData uint64) int32 {
	for _, o := range k.inFlight {
		if o.UserData == userData {
			o.cancelled = true
			return pick(k.w, 0, -int32(unix.EALREADY))
		}
	}
	return -int32(unix.ENOENT)
}

func (k *kernel) close(fd int32) {
	s := k.open(fd)
	if s.ops > 0 {
		k.w.fail("descriptor %d closed with %d operations on it under way", fd, s.ops)
	}
	if s.key == 0 && !s.peer.allowed() {
		k.denied++
	} else if s.key == 0 && !k.w.operator.aborted {
		k.refused++
		if all := k.connections() + k.w.elsewhere; all <= k.w.limits.Conns {
			k.w.fail("connection refused, of %d where %d are allowed", all, k.w.limits.Conns)
		}
	}
	s.close()
	k.sockets[fd-firstFD] = nil
	k.barred = false
}

// ready: o can complete now.
func (k *kernel) ready(o *operation) bool {
	switch o.code {
	case opRecv:
		return o.cancelled || o.socket.readable()
	case opSendRest:
		return o.cancelled || o.socket.writable()
	case opAccept:
		return o.cancelled || len(k.backlog) > 0
	case opWake:
		return k.wakes > 0
	}
	return false
}

// perform takes o, which is ready, a step further.
func (k *kernel) perform(o *operation) {
	switch o.code {
	case opRecv:
		k.receive(o)
	case opSendRest:
		k.sendRest(o)
	case opAccept:
		k.accept(o)
	case opWake:
		k.w.thread.wakeBuffer, k.wakes = k.wakes, 0
		k.finish(o, 8, 0)
	}
}

// place is the block that a send is from, and where in it.
func (k *kernel) place(o *operation) (block blocks.ID, lo int) {
	store := k.w.thread.outputs
	at := int(uintptr(o.Addr) - uintptr(unsafe.Pointer(&store.Bytes(0)[0])))
	if at < 0 || at >= 2*k.w.limits.Conns*store.Size() {
		k.w.fail("sends memory that is not answers")
	}
	return blocks.ID(at / store.Size()), at % store.Size()
}

// sendMemory is the memory of a send.
func (k *kernel) sendMemory(o *operation) []byte {
	block, lo := k.place(o)
	hi := lo + int(o.Len)
	if hi > k.w.limits.OutputBytes || o.Len == 0 {
		k.w.fail("sends bytes %d to %d of block %d", lo, hi, block)
	}
	return k.w.thread.outputs.Bytes(block)[lo:hi]
}
