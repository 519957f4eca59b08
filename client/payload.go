package client

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"github.com/disrust/disrust/wire"
)

// littleEndian says that float32 in memory are already encoded as the protocol
// needs them.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// byReferenceBytes is the size from which on the kernel reads a request's rows from
// the caller's memory. Smaller rows are cheaper to copy: otherwise they cost two more
// elements of a writev, and the bookkeeping that lets a caller give up during the
// write. The measurements are too noisy to place the limit more exactly.
const byReferenceBytes = 8 << 10

// interruptible says that a write that its deadline ends reports how much it wrote.
// On the other systems the Client could not end a write without losing the
// connection, so it always copies the rows.
const interruptible = runtime.GOOS != "windows" && runtime.GOOS != "plan9"

// payload is the rows of a call. Exactly one of the two fields is set.
type payload struct {
	encoded []byte
	floats  []float32 // rows given as float32 on a big-endian machine
}

func payloadOf(rows []float32) payload {
	if !littleEndian {
		return payload{floats: rows}
	}
	return payload{encoded: unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(rows))), 4*len(rows))}
}

func (p payload) bytes() int { return len(p.encoded) + 4*len(p.floats) }

// byReference returns the encoded rows at to at+vectors-1 in the caller's memory if
// the write should refer to them. It returns nil if they must be copied.
func (p payload) byReference(at, vectors int, f wire.Format) []byte {
	if !interruptible || vectors*f.RowBytes() < byReferenceBytes || p.encoded == nil {
		return nil
	}
	return p.encoded[at*f.RowBytes() : (at+vectors)*f.RowBytes()]
}

// appendTo appends a request for the rows at to at+vectors-1.
func (p payload) appendTo(b []byte, at, vectors int, f wire.Format) []byte {
	if p.encoded == nil {
		return wire.AppendRequest(b, vectors, p.floats[at*f.Dim:(at+vectors)*f.Dim])
	}
	b = wire.AppendHeader(b, vectors)
	return append(b, p.encoded[at*f.RowBytes():(at+vectors)*f.RowBytes()]...)
}
