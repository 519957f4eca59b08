package wire

import (
	"encoding/binary"
	"math"
)

// Status says what a stream begins with. The zero Status is none of them.
type Status uint8

const (
	// Complete: a whole frame.
	Complete Status = iota + 1
	// Incomplete: the beginning of a frame, or nothing.
	Incomplete
	// Invalid: a count that the Format does not allow. The stream is lost
	// from here on.
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

// Frame is what a stream begins with. It holds sizes, never the bytes: see
// [Frame.Payload].
type Frame struct {
	Status Status

	// Vectors is the frame's count. When Incomplete it is 0 until the whole
	// header is there. When Invalid it is the count received, or math.MaxInt
	// where int has 32 bits and cannot hold it.
	Vectors int

	// Bytes is, when Complete, the size of the frame: the next one begins
	// there. When Incomplete it is how many more bytes are needed: of the
	// header first, then of the whole frame; it is at least 1 and never more
	// than the frame's own, so waiting for all of them is safe. When Invalid
	// it is 0.
	Bytes int
}

// Payload returns the floats of a Complete frame that was parsed from b, still encoded.
// They are b's memory.
func (f Frame) Payload(b []byte) []byte { return b[HeaderBytes:f.Bytes] }

// ParseRequest says what b, a stream of requests from the start of one on,
// begins with. f must be valid.
//
// Invariant: the answer depends on the frame's bytes alone, not on what
// follows them in b; no byte past the header is read, none past b's length.
// Cost: O(1) and no allocation, whatever the frame's size.
func (f Format) ParseRequest(b []byte) Frame {
	return parse(b, f.MaxVectors, f.RowBytes())
}

// ParseResponse is ParseRequest for a stream of responses. A count of 0 or
// above f.MaxVectors is Invalid: no request asked for it.
func (f Format) ParseResponse(b []byte) Frame {
	return parse(b, f.MaxVectors, floatBytes)
}

func parse(b []byte, maxVectors, vectorBytes int) Frame {
	if len(b) < HeaderBytes {
		return Frame{Status: Incomplete, Bytes: HeaderBytes - len(b)}
	}
	count := binary.LittleEndian.Uint32(b)
	if count-1 >= uint32(maxVectors) { // 0 wraps to the largest
		return Frame{Status: Invalid, Vectors: int(min(uint64(count), math.MaxInt))}
	}
	vectors := int(count)
	size := HeaderBytes + vectors*vectorBytes
	if len(b) < size {
		return Frame{Status: Incomplete, Vectors: vectors, Bytes: size - len(b)}
	}
	return Frame{Status: Complete, Vectors: vectors, Bytes: size}
}

// Run is whole requests of the same size, one behind the other.
type Run struct {
	Count   int // requests
	Vectors int // of each request
	Bytes   int // of all requests together, headers included
}

// ParseRun returns the longest run of requests that b, a stream of requests from the
// start of one on, begins with. The run is empty unless b begins with a whole, valid
// request. f must be valid.
//
// Cost: O(Count), no allocation. Of b it reads only headers.
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
