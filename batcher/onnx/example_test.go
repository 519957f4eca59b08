package onnx_test

import (
	"fmt"
	"log"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/onnx"
)

func Example() {
	m, err := onnx.Load("testdata/onnx_classes/model.onnx", forest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	rows := make([]float32, 2*m.Shape().Dim) // two rows, one after the other
	scores := make([]float32, 2*m.Shape().Outputs)
	if err := m.Score(scores, rows); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.About.Format, m.About.Trees)
	fmt.Println(len(scores), "scores")
	// Output:
	// ONNX of make.py 7
	// 8 scores
}
