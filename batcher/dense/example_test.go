package dense_test

import (
	"fmt"

	"github.com/disrust/disrust/batcher/activation"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/wire"
)

func ExampleNewLinear() {
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

func ExampleNew() {
	m, err := dense.New(2, wire.Raw,
		dense.Affine{
			Out:        3,
			Weights:    []float32{1, 0, -1, 2, 1, 1}, // those of feature 0, then those of feature 1
			Bias:       []float32{0, -10, 0},
			Activation: activation.Func{Kind: activation.Relu},
		},
		dense.Affine{Out: 1, Weights: []float32{1, 2, 3}, Bias: []float32{0.5}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := []float32{1, 2, -1, 1} // two rows
	scores := make([]float32, 2)
	err = m.NewScorer().Score(rows, 2, scores)
	fmt.Println(scores, err)
	// Output: [8.5 7.5] <nil>
}
