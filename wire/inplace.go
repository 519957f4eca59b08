package wire

import (
	"fmt"
	"math"
)

// HeaderFloats is the size of a header in floats, in a frame that [Floats] returned. The
// header itself is a count, not a float.
const HeaderFloats = HeaderBytes / floatBytes

// RequestFloats returns the size in floats of a request with this number of vectors, header
// included.
func (f Format) RequestFloats(vectors int) int { return HeaderFloats + vectors*f.Dim }

// ResponseFloats returns the size in floats of a response for this number of vectors, header
// included.
func (f Format) ResponseFloats(vectors int) int { return HeaderFloats + vectors*f.Outputs }

// PutHeaders writes the header of each response in responses and leaves the scores as they
// are. The responses follow each other without a gap, and each one answers a request with
// this number of vectors. responses must be a result of [Floats], because PutHeaders is
// right only on a little-endian machine. It panics unless responses holds whole responses.
func (f Format) PutHeaders(responses []float32, vectors int) {
	size := f.ResponseFloats(vectors)
	if len(responses)%size != 0 {
		panic(fmt.Sprintf("wire: %d floats are not responses of %d", len(responses), size))
	}
	header := math.Float32frombits(uint32(vectors))
	for lo := 0; lo < len(responses); lo += size {
		responses[lo] = header
	}
}

// PutSingles writes one response per vector, without a gap between them. Each response
// answers a request of one vector. scores holds f.Outputs scores per vector. responses must
// be a result of [Floats]. PutSingles panics unless responses has exactly the size of these
// responses.
func (f Format) PutSingles(responses, scores []float32) {
	size := f.ResponseFloats(1)
	if len(scores)%f.Outputs != 0 || len(responses) != len(scores)/f.Outputs*size {
		panic(fmt.Sprintf("wire: %d floats are not the responses with %d scores", len(responses), len(scores)))
	}
	header := math.Float32frombits(1)
	if f.Outputs == 1 { // the loop below takes four times as long
		for i, score := range scores {
			response := responses[2*i:][:2]
			response[0], response[HeaderFloats] = header, score
		}
		return
	}
	for i := 0; len(responses) > 0; i += f.Outputs {
		responses[0] = header
		copy(responses[HeaderFloats:size], scores[i:i+f.Outputs])
		responses = responses[size:]
	}
}
