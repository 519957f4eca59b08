package batcher_test

import (
	"fmt"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
)

// In this example the producer itself polls the batcher.
func Example() {
	const dim, rows = 4, 8
	requests, _ := ringbuf.NewSPSC[batcher.Request](16, nil)
	responses, _ := ringbuf.NewSPSC[batcher.Response](16, nil)
	source := batcher.Source{
		Rows: make([]float32, rows*dim), Scores: make([]float32, rows), Responses: responses.Producer(),
	}
	b, err := batcher.New(batcher.Config{
		Model: batcher.Sum{}, Dim: dim, Requests: requests.Consumer(), Sources: []batcher.Source{source},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(source.Rows, []float32{1, 2, 3, 4, 10, 20, 30, 40}) // rows 0 and 1

	p := requests.Producer()
	lo, _ := p.Claim(1)
	*p.Slot(lo) = batcher.Request{Key: 7, Row: 0, Vectors: 2}
	p.Publish(lo, 1)
	b.Poll()

	c := responses.Consumer()
	lo, _ = c.Poll(1)
	r := c.Slot(lo)
	fmt.Println(r.Key, source.Scores[r.Row:r.Row+uint32(r.Vectors)])
	c.Release(1)
	// Output: 7 [10 100]
}
