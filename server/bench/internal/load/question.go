package load

import (
	"fmt"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/wire"
)

// cycle is the number of different requests for the model sum. It is a prime, so that a response
// that is late by a window is wrong.
const cycle = 31

// question is a request and the scores that it must get. A question never changes.
type question struct {
	rows, scores []float32
	body         []byte // the encoded rows; gRPC does not use it
	rounded      bool   // whether a server's scores may differ from scores by rounding
}

// questions makes a cycle of requests with c.Vectors vectors each. For the model sum no two rows
// have the same score, and the scores are exact in float32, in whatever order a server adds.
func (c *Config) questions(encode func(rows []float32) ([]byte, error)) ([]question, error) {
	rows, scores := drive.Rows(0, cycle*c.Vectors, wire.DefaultDim)
	if c.Sample != nil {
		var err error
		if rows, scores, err = c.Sample.cut(c.Vectors); err != nil {
			return nil, err
		}
	}
	list := make([]question, len(scores)/c.Vectors)
	for i := range list {
		q := &list[i]
		q.rounded = c.Sample != nil
		first, end := i*c.Vectors, (i+1)*c.Vectors
		q.rows, q.scores = rows[first*wire.DefaultDim:end*wire.DefaultDim], scores[first:end:end]
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

// verify returns an error unless the scores are right, or as right as rounding lets them be: an
// engine may add up the trees of a model in another order than the library that trained it.
func (q *question) verify(scores []float32) error {
	if len(scores) != len(q.scores) {
		return fmt.Errorf("answered wrongly: %d scores for %d vectors", len(scores), len(q.scores))
	}
	for i, score := range scores {
		if score != q.scores[i] && !(q.rounded && drive.Near(score, q.scores[i])) {
			return fmt.Errorf("answered wrongly: score %d of %d is %v, not %v", i+1, len(scores), score, q.scores[i])
		}
	}
	return nil
}
