package batcher

import "unsafe"

// Request is a slot of the request ring: 16 bytes, four to a cache line.
type Request struct {
	Key     uint64 // opaque, returned in the response
	Row     uint32 // the first row in the source
	Vectors uint16 // number of rows, at least 1
	Source  uint16 // index in Config.Sources
}

// Response is a slot of a response ring. The scores are in the source's Scores, from Row
// on.
type Response struct {
	Key     uint64
	Row     uint32
	Vectors uint16
	Failed  uint16 // 1: the model failed for this request, and there are no scores
}

// Both kinds of slot have 16 bytes.
var (
	_ [16]byte = [unsafe.Sizeof(Request{})]byte{}
	_ [16]byte = [unsafe.Sizeof(Response{})]byte{}
)
