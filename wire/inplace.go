package wire

import (
	"fmt"
	"math"
)

// HeaderFloats is the size of a header in floats, for a frame that [Floats] returned. The
// header itself is a count, not a float.
const HeaderFloats = HeaderBytes / floatBytes

// RequestFloats returns the size in floats of a request of so many vectors, header
// included.
func (f Format) RequestFloats(vectors int) int { return HeaderFloats + vectors*f.Dim }

// ResponseFloats returns the size in floats of a response for so many vectors, header
// included.
func ResponseFloats(vectors int) int { return HeaderFloats + vectors }

// PutHeaders writes the headers of responses, one directly after the other, that each
// answer a request of so many vectors. It leaves their scores as they are. responses must
// be a result of [Floats], because PutHeaders is right only on a little-endian machine. It
// panics unless responses holds whole responses.
func PutHeaders(responses []float32, vectors int) {
	size := ResponseFloats(vectors)
	if len(responses)%size != 0 {
		panic(fmt.Sprintf("wire: %d floats are not responses of %d", len(responses), size))
	}
	header := math.Float32frombits(uint32(vectors))
	for lo := 0; lo < len(responses); lo += size {
		responses[lo] = header
	}
}

// PutSingles writes the responses to requests of one vector each, one directly after the
// other. responses must be a result of [Floats]. It panics unless responses has exactly
// their size.
func PutSingles(responses, scores []float32) {
	if len(responses) != ResponseFloats(1)*len(scores) {
		panic(fmt.Sprintf("wire: %d floats are not the responses with %d scores", len(responses), len(scores)))
	}
	header := math.Float32frombits(1)
	for i, score := range scores {
		response := responses[ResponseFloats(1)*i:][:ResponseFloats(1)]
		response[0], response[HeaderFloats] = header, score
	}
}
