package wire

import (
	"encoding/binary"
	"fmt"
)

// AppendResponse appends the response that carries scores, one per vector of the
// request, in its order. It returns the extended dst, as append does, and allocates only
// if dst lacks room for ResponseBytes(len(scores)). It panics if there are no scores: such
// a response does not exist.
func AppendResponse(dst []byte, scores []float32) []byte {
	if len(scores) == 0 {
		panic("wire: response without scores")
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(scores)))
	return appendFloats(dst, scores)
}

// AppendRequest appends the request of so many vectors, whose features are rows, row
// after row. It returns the extended dst, as append does, and allocates only if dst lacks
// the room. It panics unless vectors is at least 1 and len(rows) is a positive multiple of
// vectors. The caller must ensure that the quotient is the dim that the server expects.
func AppendRequest(dst []byte, vectors int, rows []float32) []byte {
	if vectors < 1 || len(rows) == 0 || len(rows)%vectors != 0 {
		panic(fmt.Sprintf("wire: %d features are not the rows of %d vectors", len(rows), vectors))
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(vectors))
	return appendFloats(dst, rows)
}
