package wire

import (
	"fmt"
	"math"
	"sort"
)

const (
	// DefaultDim is the number of features per vector unless the model has another.
	DefaultDim = 128
	// DefaultMaxVectors is the most vectors per request unless configured otherwise.
	DefaultMaxVectors = 64
	// HeaderBytes is the size of the count that begins every request and response.
	HeaderBytes = 4

	// MaxFrameBytes is the size of the largest possible request or response.
	MaxFrameBytes = 16 << 20
	// MaxDim is the most features per vector.
	MaxDim = math.MaxUint16
	// MaxOutputs is the most scores per vector.
	MaxOutputs = math.MaxUint16
	// MaxVectors is the most vectors per request.
	MaxVectors = math.MaxUint16

	floatBytes = 4
)

// Default is the format that both sides of a version 1 connection use unless configured
// otherwise.
var Default = Format{Dim: DefaultDim, Outputs: 1, MaxVectors: DefaultMaxVectors}

// Format is what both sides of a connection must agree on, because requests and responses do
// not carry it. In version 2 the server's welcome states it. It is fixed for the life of a
// connection. The zero Format is not valid.
type Format struct {
	Dim        int // features per vector
	Outputs    int // scores per vector
	MaxVectors int // vectors in the largest request
}

// Validate reports whether f can be used. All other methods require a valid f.
//
// Invariant: every frame of a valid Format has at most MaxFrameBytes, so sizes need no
// overflow checks, even where int has 32 bits.
func (f Format) Validate() error {
	if f.Dim < 1 || f.Dim > MaxDim {
		return fmt.Errorf("wire: dim %d: 1 to %d is allowed", f.Dim, MaxDim)
	}
	if f.Outputs < 1 || f.Outputs > MaxOutputs {
		return fmt.Errorf("wire: outputs %d: 1 to %d is allowed", f.Outputs, MaxOutputs)
	}
	if most := f.VectorLimit(); f.MaxVectors < 1 || f.MaxVectors > most {
		return fmt.Errorf("wire: max_vectors %d: with dim %d and outputs %d, 1 to %d is allowed", f.MaxVectors, f.Dim, f.Outputs, most)
	}
	return nil
}

// VectorLimit returns the largest MaxVectors with which f is valid. It uses only f.Dim and
// f.Outputs, which must be valid.
func (f Format) VectorLimit() int {
	const floats = (MaxFrameBytes - HeaderBytes) / floatBytes
	return min(MaxVectors, floats/max(f.Dim, f.Outputs))
}

// RowBytes returns the size of one vector in bytes.
func (f Format) RowBytes() int { return floatBytes * f.Dim }

// ScoreBytes returns the size of the scores of one vector in bytes.
func (f Format) ScoreBytes() int { return floatBytes * f.Outputs }

// RequestBytes returns the size in bytes of a request with this number of vectors, header
// included.
func (f Format) RequestBytes(vectors int) int { return HeaderBytes + vectors*f.RowBytes() }

// ResponseBytes returns the size in bytes of a response for this number of vectors, header
// included. A [Failure] is never larger.
func (f Format) ResponseBytes(vectors int) int { return HeaderBytes + vectors*f.ScoreBytes() }

// MostResponseBytes returns the most bytes, headers included, that responses can take if the
// next received bytes of a stream arrive. It is an upper bound.
//
// The bound has two parts. One request may have begun earlier and lack only its last byte:
// it has at most MaxVectors vectors. All other requests lie wholly in the received bytes.
//
// If these have k headers and m vectors, their responses have k + m*Outputs floats.
//
// If a vector has at least as many features as scores, the responses take the most room if each
// request has one vector, because such a request has the most response bytes per request byte.
// The floats that these requests leave over may allow one of them to have one more vector, with
// fewer other headers. One float less is left over, because the earlier request takes at least a
// byte.
//
// If a vector has more scores than features, the responses take the most room if there are as
// many vectors as possible. The floats that these leave over may allow more headers.
func (f Format) MostResponseBytes(received int) int {
	floats := (received + floatBytes - 1) / floatBytes
	most := f.ResponseBytes(f.MaxVectors)
	if f.Outputs > f.Dim {
		largest := f.RequestFloats(f.MaxVectors)
		vectors := floats/largest*f.MaxVectors + max(0, floats%largest-HeaderFloats)/f.Dim
		return most + floatBytes*(floats+vectors*(f.Outputs-f.Dim))
	}
	singles, left := floats/f.RequestFloats(1), floats%f.RequestFloats(1)
	most += singles * f.ResponseBytes(1)
	if singles > 0 {
		most += floatBytes * max(0, left-1-(f.Dim-f.Outputs))
	}
	return most
}

// MostReceivedBytes returns how many bytes of a stream may be received at once if there is
// room for that many bytes of responses: the most for which MostResponseBytes is at most
// room. It is at most limit, and 0 if there is too little room for anything.
func (f Format) MostReceivedBytes(room, limit int) int {
	return sort.Search(limit, func(n int) bool { return f.MostResponseBytes(n+1) > room })
}
