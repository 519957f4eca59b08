package dense_test

import (
	"fmt"

	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/wire"
)

func Example() {
	m, err := dense.NewLinear(dense.Config{
		Dim: 3, Sums: 1,
		Weights: []float32{1, -2, 0.5},
		Start:   []float32{10},
		Output:  wire.Raw,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := []float32{1, 2, 3, 4, 5, 6} // two rows
	scores := make([]float32, 2)
	err = m.NewScorer().Score(rows, 3, scores)
	fmt.Println(scores, err)
	// Output: [8.5 7] <nil>
}
