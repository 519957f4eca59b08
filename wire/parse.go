package wire

import (
	"encoding/binary"
	"math"
)

// Status says what a stream begins with. The zero Status is not one of them.
type Status uint8

const (
	// Complete: a whole frame.
	Complete Status = iota + 1
	// Incomplete: the beginning of a frame, or nothing.
	Incomplete
	// Invalid: a count that the Format does not allow. Nothing from here on can be read.
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

// Frame describes what a stream begins with. It holds sizes, never the bytes: see
// [Frame.Payload].
type Frame struct {
	Status Status

	// Vectors is the frame's count. If Incomplete, it is 0 until the whole header has
	// arrived. If Invalid, it is the received count, or math.MaxInt if int has 32 bits
	// and cannot hold it.
	Vectors int

	// Bytes is the size of the frame, if Complete: the next frame begins there. If
	// Incomplete, it is how many more bytes are needed, at least 1: first to complete the
	// header, then to complete the frame. It never counts bytes beyond the frame, so
	// waiting for all of them is safe. If Invalid, it is 0.
	Bytes int
}

// Payload returns the floats, still encoded, of a Complete frame that was parsed from b.
// The result is b's memory.
func (f Frame) Payload(b []byte) []byte { return b[HeaderBytes:f.Bytes] }

// ParseRequest says what b begins with. b must be a stream of requests from the start of
// a request on, and f must be valid.
//
// Invariant: the answer depends only on the frame's bytes, not on what follows them in
// b. Of the bytes, only the header is read, and never a byte past b's length.
// Cost: O(1) whatever the frame's size, no allocation.
func (f Format) ParseRequest(b []byte) Frame {
	return parse(b, f.MaxVectors, f.RowBytes())
}

// ParseResponse is ParseRequest for a stream of responses. A count of 0 or above
// f.MaxVectors is Invalid, because no request can have asked for it.
func (f Format) ParseResponse(b []byte) Frame {
	return parse(b, f.MaxVectors, floatBytes)
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

// Run is a number of whole requests of the same size, one directly after the other.
type Run struct {
	Count   int // number of requests
	Vectors int // of each request
	Bytes   int // of all requests together, headers included
}

// ParseRun returns the longest run of requests that b begins with. b must be a stream of
// requests from the start of a request on, and f must be valid. The run is empty unless b
// begins with a whole, valid request.
//
// Cost: O(Count), no allocation. It reads only headers.
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
