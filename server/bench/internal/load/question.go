package load

import (
	"fmt"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/wire"
)

// cycle is how many different requests there are: a prime, so that a response
// late by a window is wrong.
const cycle = 31

// question is a request and the scores that it must get, which are exact in
// float32 in whatever order a server adds. It is never changed.
type question struct {
	rows, scores []float32
	body         []byte // the rows as the protocol wants them; unused by gRPC
}

// questions makes a cycle of requests with so many vectors each, no two rows of
// which have the same score.
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

// verify compares an answer with what it must be.
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
