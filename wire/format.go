package wire

import (
	"fmt"
	"math"
)

const (
	// DefaultDim is the number of features per vector unless the model has another.
	DefaultDim = 128
	// DefaultMaxVectors is the most vectors per request unless configured otherwise.
	DefaultMaxVectors = 64
	// HeaderBytes is the size of the count that begins every frame.
	HeaderBytes = 4

	// MaxFrameBytes is the size of the largest possible frame.
	MaxFrameBytes = math.MaxInt32
	// MaxDim is the most features per vector. A frame holds one such vector, and none larger.
	MaxDim = (MaxFrameBytes - HeaderBytes) / floatBytes

	floatBytes = 4
)

// Default is the format that both sides use unless configured otherwise.
var Default = Format{Dim: DefaultDim, MaxVectors: DefaultMaxVectors}

// Format is what both sides of a connection must agree on beforehand, because the
// stream does not carry it. It is fixed for the life of a connection. The zero Format
// is not valid.
type Format struct {
	Dim        int // features per vector
	MaxVectors int // vectors in the largest request
}

// Validate reports whether f can be used. All other methods require a valid f.
//
// Invariant: every frame of a valid Format fits in an int32, so sizes need no overflow
// checks, even where int has 32 bits.
func (f Format) Validate() error {
	if f.Dim < 1 || f.Dim > MaxDim {
		return fmt.Errorf("wire: dim %d: 1 to %d is allowed", f.Dim, MaxDim)
	}
	if most := MaxDim / f.Dim; f.MaxVectors < 1 || f.MaxVectors > most {
		return fmt.Errorf("wire: max_vectors %d: with dim %d, 1 to %d is allowed", f.MaxVectors, f.Dim, most)
	}
	return nil
}

// RowBytes returns the size of one vector in bytes.
func (f Format) RowBytes() int { return floatBytes * f.Dim }

// RequestBytes returns the size in bytes of a request with this number of vectors, header
// included.
func (f Format) RequestBytes(vectors int) int { return HeaderBytes + vectors*f.RowBytes() }

// ResponseBytes returns the size in bytes of a response for this number of vectors, header
// included. It does not depend on the Format.
func ResponseBytes(vectors int) int { return HeaderBytes + vectors*floatBytes }

// MostResponseBytes returns the most bytes, headers included, that responses can take if the
// next received bytes of a stream arrive. It is an upper bound.
//
// The bound has two parts. One request may have begun earlier and lack only its last byte:
// it has at most MaxVectors vectors. All other requests lie wholly in the received bytes.
// Their responses take the most room if each request has one vector, because such a request
// has the most response bytes per request byte. Bytes that are too few for one more request of
// one vector could still make room for a larger request in place of a smaller one. Rounding
// received up to a multiple of four covers this case, because every request has such a size.
func (f Format) MostResponseBytes(received int) int {
	floats := (received + floatBytes - 1) / floatBytes
	return ResponseBytes(f.MaxVectors) + floats/f.RequestFloats(1)*ResponseBytes(1)
}
