// Command disrust scores for run.py with the engine of this repository.
//
//	disrust MODEL ROWS
package main

import (
	"os"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/cbm"
	"github.com/disrust/disrust/batcher/onnx"
	"github.com/disrust/disrust/server/bench/engines/native/internal/worker"
	"github.com/disrust/disrust/wire"
)

func main() {
	rows, err := worker.ReadRows(os.Args[2])
	if err != nil {
		worker.Fail(err)
	}
	m, err := forest.LoadWith(os.Args[1], forest.Options{Output: wire.Raw}, onnx.Loader, cbm.Loader)
	if err != nil {
		worker.Fail(err)
	}
	scores, s, dim := make([]float32, 1024), m.NewScorer(), worker.Dim
	e := worker.Engine{
		Call: "Scorer.Score",
		Rows: len(rows) / dim,
		Score: func(first, count int) error {
			return s.Score(rows[first*dim:(first+count)*dim], dim, scores[:count])
		},
		Answer: func(row int) float64 { return float64(scores[row]) },
	}
	if err := e.Serve(os.Stdin, os.Stdout); err != nil {
		worker.Fail(err)
	}
}
