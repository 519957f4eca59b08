package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// CQE is a completion queue entry: the answer of one operation, or one of the
// answers of a multishot operation.
type CQE struct {
	UserData uint64 // what the SQE carried
	Res      int32  // a count, a descriptor or 0; below zero, minus the errno
	Flags    uint32 // CQEBuffer and its kin, and a buffer's ID
}

var _ [16]byte = [unsafe.Sizeof(CQE{})]byte{}

// More reports whether the operation will complete again. When it is false the
// operation is over: a multishot operation must be prepared anew, and the memory
// it used is the caller's again.
func (c CQE) More() bool { return c.Flags&CQEMore != 0 }

// BufferID returns the ID of the buffer that the kernel took from a [BufRing].
// That buffer is the caller's until [BufRing.Recycle], also when nothing in it is
// of interest.
func (c CQE) BufferID() (uint16, bool) {
	return uint16(c.Flags >> cqeBufferShift), c.Flags&CQEBuffer != 0
}

// SockNonEmpty reports whether the socket held more data than this receive took.
func (c CQE) SockNonEmpty() bool { return c.Flags&CQESockNonEmpty != 0 }

// Err returns nil when the operation succeeded and its [unix.Errno] otherwise. It
// does not allocate.
func (c CQE) Err() error {
	if c.Res >= 0 {
		return nil
	}
	return unix.Errno(-c.Res)
}
