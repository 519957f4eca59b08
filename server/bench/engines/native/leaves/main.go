// Command leaves scores for run.py with github.com/dmitryikh/leaves.
//
//	leaves MODEL ROWS
package main

import (
	"os"

	"github.com/disrust/disrust/server/bench/engines/native/internal/worker"
	"github.com/dmitryikh/leaves"
)

func main() {
	rows, err := worker.ReadRows(os.Args[2])
	if err != nil {
		worker.Fail(err)
	}
	m, err := leaves.LGEnsembleFromFile(os.Args[1], false)
	if err != nil {
		worker.Fail(err)
	}
	wide := make([]float64, len(rows)) // leaves takes float64
	for i, x := range rows {
		wide[i] = float64(x)
	}
	scores, dim := make([]float64, 1024), worker.Dim
	e := worker.Engine{
		Call: "PredictSingle for one row, PredictDense for more, rows in float64",
		Rows: len(rows) / dim,
		Score: func(first, count int) error {
			part := wide[first*dim : (first+count)*dim]
			if count == 1 {
				scores[0] = m.PredictSingle(part, 0)
				return nil
			}
			return m.PredictDense(part, count, dim, scores[:count], 0, 1)
		},
		Answer: func(row int) float64 { return scores[row] },
	}
	if err := e.Serve(os.Stdin, os.Stdout); err != nil {
		worker.Fail(err)
	}
}
