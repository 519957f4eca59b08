package wire

import (
	"encoding/binary"
	"fmt"
)

// AppendResponse appends a response to dst. The response answers a request with the given
// number of vectors, and scores holds their scores, vector after vector. AppendResponse
// returns the extended slice, as append does, and allocates only if dst lacks the room. It
// panics unless vectors is at least 1 and len(scores) is a positive multiple of vectors.
func AppendResponse(dst []byte, vectors int, scores []float32) []byte {
	if vectors < 1 || len(scores) == 0 || len(scores)%vectors != 0 {
		panic(fmt.Sprintf("wire: %d scores are not those of %d vectors", len(scores), vectors))
	}
	dst = AppendHeader(dst, vectors)
	return appendFloats(dst, scores)
}

// AppendRequest appends a request to dst. The request has the given number of vectors, and
// rows holds their features, row after row. AppendRequest returns the extended slice, as
// append does, and allocates only if dst lacks the room. It panics unless vectors is at
// least 1 and len(rows) is a positive multiple of vectors. The caller must ensure that the
// quotient, the features per vector, is the dim that the server expects.
func AppendRequest(dst []byte, vectors int, rows []float32) []byte {
	if vectors < 1 || len(rows) == 0 || len(rows)%vectors != 0 {
		panic(fmt.Sprintf("wire: %d features are not the rows of %d vectors", len(rows), vectors))
	}
	dst = AppendHeader(dst, vectors)
	return appendFloats(dst, rows)
}

// AppendHeader appends the header of a frame with that many vectors, for a caller that has the
// payload encoded already. It returns the extended dst, as append does.
func AppendHeader(dst []byte, vectors int) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(vectors))
}
