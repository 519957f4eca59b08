package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// CQE is a completion queue entry: the result of one operation, or one of the
// results of a multishot operation.
type CQE struct {
	UserData uint64 // the UserData of the SQE
	Res      int32  // a count, a descriptor or 0; on failure the negated errno
	Flags    uint32 // CQEBuffer, CQEMore and so on; the upper 16 bits hold a buffer's ID
}

var _ [16]byte = [unsafe.Sizeof(CQE{})]byte{}

// More reports whether the operation will complete again. False means that the
// operation is over: its memory belongs to the caller again, and a multishot
// operation must be prepared anew to go on.
func (c CQE) More() bool { return c.Flags&CQEMore != 0 }

// BufferID returns the ID of the buffer that the kernel took from a [BufRing], and
// whether it took one. The caller must give that buffer back with [BufRing.Bytes]
// and [BufRing.Recycle], even if it does not want the contents.
func (c CQE) BufferID() (uint16, bool) {
	return uint16(c.Flags >> cqeBufferShift), c.Flags&CQEBuffer != 0
}

// SockNonEmpty reports whether the socket held more data than this receive took.
func (c CQE) SockNonEmpty() bool { return c.Flags&CQESockNonEmpty != 0 }

// Err returns nil if the operation succeeded, and its [unix.Errno] if it failed. It
// does not allocate.
func (c CQE) Err() error {
	if c.Res >= 0 {
		return nil
	}
	return unix.Errno(-c.Res)
}
