package wire

import (
	"fmt"
	"math"
)

const (
	// DefaultDim is the number of features of a vector unless the model says
	// otherwise.
	DefaultDim = 128
	// DefaultMaxVectors is the largest count of a request unless configured.
	DefaultMaxVectors = 64
	// HeaderBytes is the size of the count that begins every frame.
	HeaderBytes = 4

	// MaxFrameBytes is the most bytes that a frame can have.
	MaxFrameBytes = math.MaxInt32
	// MaxDim is the most features of a vector that a frame can hold.
	MaxDim = (MaxFrameBytes - HeaderBytes) / floatBytes

	floatBytes = 4
)

// Default is the format both sides use unless they were told another.
var Default = Format{Dim: DefaultDim, MaxVectors: DefaultMaxVectors}

// Format is what both sides of a connection must agree on beforehand; the
// stream does not carry it. It is fixed for the life of a connection. The zero
// Format is not valid.
type Format struct {
	Dim        int // features per vector
	MaxVectors int // vectors in the largest request
}

// Validate reports whether f can be used. All other methods rely on it.
//
// Invariant: every frame of a valid Format fits in an int32, so sizes need no
// overflow checks, also where int has 32 bits.
func (f Format) Validate() error {
	if f.Dim < 1 || f.Dim > MaxDim {
		return fmt.Errorf("wire: dim %d: 1 to %d is allowed", f.Dim, MaxDim)
	}
	if most := MaxDim / f.Dim; f.MaxVectors < 1 || f.MaxVectors > most {
		return fmt.Errorf("wire: max_vectors %d: with dim %d, 1 to %d is allowed", f.MaxVectors, f.Dim, most)
	}
	return nil
}

// RowBytes returns the size of one vector.
func (f Format) RowBytes() int { return floatBytes * f.Dim }

// RequestBytes returns the size of a request of so many vectors, header
// included.
func (f Format) RequestBytes(vectors int) int { return HeaderBytes + vectors*f.RowBytes() }

// ResponseBytes returns the size of a response for so many vectors, header
// included. It does not depend on the Format.
func ResponseBytes(vectors int) int { return HeaderBytes + vectors*floatBytes }

// MostResponseBytes returns an upper bound of what the responses to all requests take
// that received more bytes of a stream can complete, headers included. One request may
// have begun before, with all but its last byte. All others are wholly among the bytes
// received, and take the most if they have one vector each: such a request has the most
// bytes of response for each of its own.
func (f Format) MostResponseBytes(received int) int {
	return ResponseBytes(f.MaxVectors) + received/f.RequestBytes(1)*ResponseBytes(1)
}
