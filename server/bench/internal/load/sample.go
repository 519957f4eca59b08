package load

import (
	"fmt"
	"math/big"

	"github.com/disrust/disrust/wire"
)

// Sample is rows of wire.DefaultDim features and the score that a model gives each.
type Sample struct{ Rows, Scores []float32 }

// cut returns the rows and scores of as many requests with that many vectors as the sample has,
// but of a prime number of them, so that a response that is late by a window is wrong.
func (s *Sample) cut(vectors int) (rows, scores []float32, err error) {
	requests := len(s.Scores) / vectors
	for requests > 1 && !big.NewInt(int64(requests)).ProbablyPrime(0) { // certain below 2^64
		requests--
	}
	if requests < 2 {
		return nil, nil, fmt.Errorf("%d rows are too few for requests of %d", len(s.Scores), vectors)
	}
	count := requests * vectors
	return s.Rows[:count*wire.DefaultDim], s.Scores[:count], nil
}
