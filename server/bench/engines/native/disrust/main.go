// Command disrust scores for run.py with the engine of this repository.
//
//	disrust MODEL ROWS KERNEL
package main

import (
	"os"
	"strings"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/cbm"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/onnx"
	"github.com/disrust/disrust/server/bench/engines/native/internal/worker"
	"github.com/disrust/disrust/wire"
)

func main() {
	e, err := load(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		worker.Fail(err)
	}
	if err := e.Serve(os.Stdin, os.Stdout); err != nil {
		worker.Fail(err)
	}
}

func load(model, file, name string) (*worker.Engine, error) {
	kind, err := kernel.Parse(name)
	if err != nil {
		return nil, err
	}
	rows, err := worker.ReadRows(file)
	if err != nil {
		return nil, err
	}
	m, err := forest.LoadWith(model, forest.Options{Output: wire.Raw, Kernel: kind}, onnx.Loader, cbm.Loader)
	if err != nil {
		return nil, err
	}
	scores, s := make([]float32, worker.MaxSize), m.NewScorer()
	return &worker.Engine{
		Call: strings.TrimSuffix("Go: Score; "+m.Kernel(), "; "),
		Rows: len(rows) / worker.Dim,
		Score: func(first, count int) error {
			return s.Score(rows[first*worker.Dim:(first+count)*worker.Dim], worker.Dim, scores[:count])
		},
		Answer: func(row int) float64 { return float64(scores[row]) },
	}, nil
}
