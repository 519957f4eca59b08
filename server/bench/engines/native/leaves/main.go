// Command leaves scores for run.py with github.com/dmitryikh/leaves.
//
//	leaves MODEL ROWS
package main

import (
	"bufio"
	"bytes"
	"os"

	"github.com/disrust/disrust/server/bench/engines/native/internal/worker"
	"github.com/dmitryikh/leaves"
)

func main() {
	e, err := load(os.Args[1], os.Args[2])
	if err != nil {
		worker.Fail(err)
	}
	if err := e.Serve(os.Stdin, os.Stdout); err != nil {
		worker.Fail(err)
	}
}

func load(model, file string) (*worker.Engine, error) {
	rows, err := worker.ReadRows(file)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(model)
	if err != nil {
		return nil, err
	}
	// leaves refuses version 4, whose trees it understands.
	text = bytes.Replace(text, []byte("version=v4"), []byte("version=v3"), 1)
	m, err := leaves.LGEnsembleFromReader(bufio.NewReader(bytes.NewReader(text)), false)
	if err != nil {
		return nil, err
	}
	wide := make([]float64, len(rows)) // leaves takes float64
	for i, x := range rows {
		wide[i] = float64(x)
	}
	scores, dim := make([]float64, worker.MaxSize), worker.Dim
	return &worker.Engine{
		Call: "Go: PredictSingle, for more rows PredictDense, rows in float64",
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
	}, nil
}
