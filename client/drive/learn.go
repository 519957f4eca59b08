package drive

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/disrust/disrust/wire"
)

// Learn sends each request of c.Requests once and returns the requests with the scores
// that the server answered, verified ByReplay. So the answers of any model can be
// verified, if it gives a row the same score each time. Of c it uses the server, Stall and
// Requests.
//
// A score of a run may differ from the learnt one by tolerance, relative to the larger of
// both and 1: a model may add up in another order when rows come in another batch. NaN
// agrees with NaN.
//
// Learn returns the error of a run, and that of ctx if it ends first. Cost: that of a
// closed loop with one connection, and a copy of the responses.
func Learn(ctx context.Context, c Config) (*Requests, error) {
	q := *c.Requests
	q.by, q.responses = learning, slices.Clone(q.responses)
	total, err := Run(ctx, Config{
		Addr: c.Addr, Hello: c.Hello, Conns: 1, Window: learnWindow, Requests: &q, Quota: int64(q.Count()), Stall: c.Stall,
	})
	if err == nil && total.Answered < int64(q.Count()) {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	q.by = ByReplay
	return &q, nil
}

// Expect returns the same requests with the scores that a model gives their rows, in order,
// verified ByReplay. It returns an error unless there is a score for each output of each row.
func (q *Requests) Expect(scores []float32) (*Requests, error) {
	if want := q.vectors * q.format.Outputs; len(scores) != want {
		return nil, fmt.Errorf("%d scores for requests that get %d", len(scores), want)
	}
	known := *q
	known.by, known.given, known.responses = ByReplay, true, nil
	for _, r := range q.replies {
		n := r.vectors * q.format.Outputs
		known.responses = wire.AppendResponse(known.responses, r.vectors, scores[:n])
		scores = scores[n:]
	}
	return &known, nil
}

// learnWindow is how many requests Learn has in flight.
const learnWindow = 64

// tolerance bounds the difference between two scores of one row.
const tolerance = 1e-5

// Near reports whether a and b may be scores of one row: whether Learn's tolerance is between
// them.
func Near(a, b float32) bool {
	x, y := float64(a), float64(b)
	d := math.Abs(x - y)
	return d <= tolerance*max(1, math.Abs(x), math.Abs(y)) && !math.IsInf(d, 0) || math.IsNaN(x) && math.IsNaN(y)
}
