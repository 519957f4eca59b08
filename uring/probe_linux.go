package uring

import (
	"runtime"
	"unsafe"
)

// Operations is the set of operations that a kernel supports.
type Operations struct {
	supported [256 / 64]uint64
}

// Supports reports whether op is in the set. It says nothing about flags of the
// operation: OpRecv may be supported where multishot receive, which needs Linux 6.0,
// is not.
func (o Operations) Supports(op Op) bool {
	return o.supported[op/64]&(1<<(op%64)) != 0
}

// probe is struct io_uring_probe with room for every possible operation.
type probe struct {
	lastOp uint8
	count  uint8
	_      uint16
	_      [3]uint32
	ops    [256]probeOp
}

type probeOp struct {
	op    uint8
	_     uint8
	flags uint16
	_     uint32
}

var _ [16 + 256*8]byte = [unsafe.Sizeof(probe{})]byte{}

const opSupported = 1 << 0

// Probe asks the kernel which operations it supports, through a ring of its own
// that it closes again. It is meant for start-up and may be called from any
// goroutine. It returns the errors that [New] returns.
func Probe() (Operations, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := New(Config{Entries: 1})
	if err != nil {
		return Operations{}, err
	}
	defer r.Close()
	return r.operations()
}

func (r *Ring) operations() (Operations, error) {
	var p probe
	if errno := sysRegister(r.fd, registerProbe, unsafe.Pointer(&p), uint32(len(p.ops))); errno != 0 {
		return Operations{}, registerError("probe", errno)
	}
	var o Operations
	for _, op := range p.ops[:p.count] {
		if op.flags&opSupported != 0 {
			o.supported[op.op/64] |= 1 << (op.op % 64)
		}
	}
	return o, nil
}
