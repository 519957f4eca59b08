package batcher

import (
	"math"
	"unsafe"
)

// Request is a slot of the request ring: 16 bytes, four to a cache line.
type Request struct {
	Key     uint64 // opaque, returned in the response
	Row     uint32 // the first row in the source
	Vectors uint16 // number of rows, at least 1
	Source  uint16 // index in Config.Sources
}

// Response is a slot of a response ring. The scores are in the source's Scores, from those of
// Row on. A Response without vectors answers no request: the responses behind it are of the model
// that Replace has put in its place.
type Response struct {
	Key     uint64
	Row     uint32
	Vectors uint16 // 0: another model from here on
	Failed  uint16 // not 0: the model failed for this request, and in place of its first score there is a Fault's row
}

// Fault returns how the model failed for r. scores begins with the first score of r.
func (r *Response) Fault(scores []float32) Fault {
	if r.Failed == 0 {
		return Fault{}
	}
	return Fault{Code: uint32(r.Failed), Row: math.Float32bits(scores[0])}
}

// Fault says how the model failed for a request. The zero Fault means that it did not.
type Fault struct {
	Code uint32 // wire.ModelError or wire.ModelPanic
	Row  uint32 // the first row of the request for which the model fails alone, or wire.NoRow
}

// Both kinds of slot have 16 bytes.
var (
	_ [16]byte = [unsafe.Sizeof(Request{})]byte{}
	_ [16]byte = [unsafe.Sizeof(Response{})]byte{}
)
