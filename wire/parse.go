package wire

import (
	"encoding/binary"
	"math"
)

// Status says what a stream begins with. The zero Status is not valid.
type Status uint8

const (
	// Complete means that the stream begins with a whole frame.
	Complete Status = iota + 1
	// Incomplete means that the stream holds only the beginning of a frame, or nothing.
	Incomplete
	// Invalid means that the stream begins with a count that the Format does not allow.
	// Nothing from here on can be read.
	Invalid
)

// String returns the name of s.
func (s Status) String() string {
	switch s {
	case Complete:
		return "Complete"
	case Incomplete:
		return "Incomplete"
	case Invalid:
		return "Invalid"
	}
	return "Status(?)"
}

// Frame describes what a stream begins with. It holds sizes and not the bytes: see
// [Frame.Payload].
type Frame struct {
	Status Status

	// Vectors is the frame's count. If Incomplete, it is 0 until the whole header has
	// arrived. If Invalid, it is the received count, or math.MaxInt if int has 32 bits
	// and cannot hold it.
	Vectors int

	// Bytes is, if Complete, the size of the frame: the next frame begins there.
	//
	// If Incomplete, it is how many more bytes are needed: first to complete the header,
	// then to complete the frame. It is at least 1. It never counts bytes beyond the frame,
	// so a reader may wait for all of them.
	//
	// If Invalid, it is 0.
	Bytes int
}

// Payload returns the payload of a Complete frame that was parsed from b: its floats, still
// encoded. The result is b's memory.
func (f Frame) Payload(b []byte) []byte { return b[HeaderBytes:f.Bytes] }

// ParseRequest describes the first request in b. b must be a stream of requests that begins
// with the start of a request, and f must be valid.
//
// Invariant: the result depends only on the frame's bytes, not on bytes that follow it in b.
// ParseRequest reads only the header, and never a byte past b's length.
// Cost: O(1) for a frame of any size, no allocation.
func (f Format) ParseRequest(b []byte) Frame {
	return parse(b, f.MaxVectors, f.RowBytes())
}

// ParseResponse describes the first response in b, a stream of responses. It is like
// ParseRequest in all other respects. A count of 0 or above f.MaxVectors is Invalid, because
// no request can have asked for it. In version 2 it may begin a [Reply] of another kind: see
// ParseReply.
func (f Format) ParseResponse(b []byte) Frame {
	return parse(b, f.MaxVectors, f.ScoreBytes())
}

func parse(b []byte, maxVectors, vectorBytes int) Frame {
	if len(b) < HeaderBytes {
		return Frame{Status: Incomplete, Bytes: HeaderBytes - len(b)}
	}
	count := binary.LittleEndian.Uint32(b)
	if count-1 >= uint32(maxVectors) { // a count of 0 wraps to the largest number
		return Frame{Status: Invalid, Vectors: int(min(uint64(count), math.MaxInt))}
	}
	vectors := int(count)
	size := HeaderBytes + vectors*vectorBytes
	if len(b) < size {
		return Frame{Status: Incomplete, Vectors: vectors, Bytes: size - len(b)}
	}
	return Frame{Status: Complete, Vectors: vectors, Bytes: size}
}

// Run describes whole requests of the same size that follow each other without a gap.
type Run struct {
	Count   int // number of requests
	Vectors int // of each request
	Bytes   int // of all requests together, headers included
}

// ParseRun returns the longest run of requests that b begins with. b must be a stream of
// requests that begins with the start of a request, and f must be valid. The run is empty
// unless b begins with a whole, valid request.
//
// Cost: O(Count), no allocation. ParseRun reads only headers.
func (f Format) ParseRun(b []byte) Run {
	first := f.ParseRequest(b)
	if first.Status != Complete {
		return Run{}
	}
	r := Run{Vectors: first.Vectors}
	for len(b)-r.Bytes >= first.Bytes && binary.LittleEndian.Uint32(b[r.Bytes:]) == uint32(first.Vectors) {
		r.Count++
		r.Bytes += first.Bytes
	}
	return r
}
