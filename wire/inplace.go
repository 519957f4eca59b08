package wire

import (
	"fmt"
	"math"
)

// HeaderFloats is the size of a header, in floats, of a frame that [Floats] shows where
// it lies. The header itself is a count, not a float.
const HeaderFloats = HeaderBytes / floatBytes

// RequestFloats returns the size of a request of so many vectors in floats, header
// included.
func (f Format) RequestFloats(vectors int) int { return HeaderFloats + vectors*f.Dim }

// ResponseFloats returns the size of a response for so many vectors in floats, header
// included.
func ResponseFloats(vectors int) int { return HeaderFloats + vectors }

// PutHeaders writes the headers of responses that lie one behind the other, each for a
// request of so many vectors, and leaves their scores as they are. responses comes from
// [Floats]. It panics unless responses holds whole responses.
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

// PutSingles writes the responses to requests of one vector each, one behind the other.
// responses comes from [Floats]. It panics unless responses has exactly their size.
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
