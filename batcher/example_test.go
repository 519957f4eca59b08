package batcher_test

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/wire"
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

// weights is a linear model with one row of weights for each of its outputs.
type weights [][]float32

func (w weights) Shape() batcher.Shape {
	return batcher.Shape{Dim: len(w[0]), Outputs: len(w), Kind: wire.Raw}
}

func (w weights) NewScorer() batcher.Scorer { return w } // needs no scratch memory

func (w weights) Score(rows []float32, dim int, out []float32) error {
	return w.ScoreStrided(rows, dim, dim, out)
}

func (w weights) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for i := range out {
		row, weights := rows[i/len(w)*stride:][:dim], w[i%len(w)]
		out[i] = 0
		for k, v := range row {
			out[i] += v * weights[k]
		}
	}
	return nil
}

// A Model of three outputs, whose Scorer also reads rows with other data between them.
func ExampleStridedScorer() {
	var model batcher.Model = weights{{1, 0}, {0, 1}, {1, 1}}
	scores := make([]float32, 2*model.Shape().Outputs)
	scorer := model.NewScorer()
	fmt.Println(scorer.Score([]float32{1, 2, 30, 40}, 2, scores), scores)

	const header = -1
	strided := scorer.(batcher.StridedScorer)
	fmt.Println(strided.ScoreStrided([]float32{1, 2, header, 30, 40}, 2, 3, scores), scores)
	// Output:
	// <nil> [1 2 3 30 40 70]
	// <nil> [1 2 3 30 40 70]
}

// A function is a model with one output. If it returns an error, the batcher finds the request
// and the row at fault, and the others are answered.
func ExampleModelFunc() {
	model := batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
		for i := range out {
			if out[i] = rows[i*dim]; out[i] < 0 {
				return errors.New("a negative feature")
			}
		}
		return nil
	})
	requests, _ := ringbuf.NewSPSC[batcher.Request](4, nil)
	responses, _ := ringbuf.NewSPSC[batcher.Response](4, nil)
	b, err := batcher.New(batcher.Config{
		Model: model, Dim: 2, Requests: requests.Consumer(), Sources: []batcher.Source{{Responses: responses.Producer()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, scores := []float32{1, 2, 3, 4, 5, 6, -7, 8}, make([]float32, 4)
	layout := batcher.Layout{Count: 2, Vectors: 2, RowStride: 4, ScoreStride: 2}
	answered, fault := b.ScoreInPlace(rows, scores, layout)
	fmt.Println(answered, "request:", scores[:2], "- row", fault.Row, "of the next one fails")
	// Output: 1 request: [1 3] - row 1 of the next one fails
}
