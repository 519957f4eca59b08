package client

import (
	"encoding/binary"
	"runtime"
	"unsafe"

	"github.com/disrust/disrust/wire"
)

// littleEndian: floats in memory are their own encoding.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// byReferenceBytes is the size from which on a request's rows are given to the
// kernel where they are. Small rows are cheaper to copy than two more elements
// of a writev and the reckoning that lets a caller leave in the middle of it;
// where the two meet the measurements are too noisy to say more exactly.
const byReferenceBytes = 8 << 10

// interruptible: a write that a deadline ends says how much it wrote. Elsewhere
// a write cannot be ended without losing the connection, so rows are copied.
const interruptible = runtime.GOOS != "windows" && runtime.GOOS != "plan9"

// payload is the rows of a call. Exactly one of the two is set.
type payload struct {
	encoded []byte
	floats  []float32 // where memory is not the encoding
}

func payloadOf(rows []float32) payload {
	if !littleEndian {
		return payload{floats: rows}
	}
	return payload{encoded: unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(rows))), 4*len(rows))}
}

func (p payload) bytes() int { return len(p.encoded) + 4*len(p.floats) }

// referable returns the encoding of vectors rows from at on, if it exists and
// is worth not copying.
func (p payload) byReference(at, vectors, dim int) []byte {
	if !interruptible || 4*vectors*dim < byReferenceBytes || p.encoded == nil {
		return nil
	}
	return p.encoded[4*at*dim : 4*(at+vectors)*dim]
}

// appendTo appends the request for vectors rows from at on.
func (p payload) appendTo(b []byte, at, vectors, dim int) []byte {
	if p.encoded == nil {
		return wire.AppendRequest(b, vectors, p.floats[at*dim:(at+vectors)*dim])
	}
	b = appendHeader(b, vectors)
	return append(b, p.encoded[4*at*dim:4*(at+vectors)*dim]...)
}

func appendHeader(b []byte, vectors int) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(vectors))
}
