package load

import (
	"fmt"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/wire"
)

// cycle is the number of different requests. It is a prime, so that a response that is late by
// a window is wrong.
const cycle = 31

// question is a request and the scores that it must get. The scores are exact in float32, in
// whatever order a server adds. A question never changes.
type question struct {
	rows, scores []float32
	body         []byte // the encoded rows; gRPC does not use it
}

// questions makes a cycle of requests with the given number of vectors each. No two rows have
// the same score.
func questions(vectors int, encode func(rows []float32) ([]byte, error)) ([]question, error) {
	list := make([]question, cycle)
	for i := range list {
		q := &list[i]
		q.rows, q.scores = drive.Rows(i*vectors, vectors, wire.DefaultDim)
		if encode == nil {
			continue
		}
		var err error
		if q.body, err = encode(q.rows); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// verify returns an error unless scores are the right answer.
func (q *question) verify(scores []float32) error {
	if len(scores) != len(q.scores) {
		return fmt.Errorf("answered wrongly: %d scores for %d vectors", len(scores), len(q.scores))
	}
	for i, score := range scores {
		if score != q.scores[i] {
			return fmt.Errorf("answered wrongly: score %d of %d is %v, not %v", i+1, len(scores), score, q.scores[i])
		}
	}
	return nil
}
