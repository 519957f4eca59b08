package serving

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"sync"

	"github.com/dmitryikh/leaves"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// score writes the scores of rows. Main sets it before the first request.
var score = sum

// sum is disrust's own model, so that the benchmark compares servers and not models.
func sum(rows, scores []float32) { _ = batcher.Sum{}.Score(rows, wire.DefaultDim, scores) } // it never fails

// Scores writes the scores of rows to scores, which it returns.
func Scores(rows, scores []float32) []float32 {
	score(rows, scores)
	return scores
}

// serveFile makes the model in a LightGBM file the one to serve.
func serveFile(name string) error {
	trees, err := readTrees(name)
	if err != nil {
		return err
	}
	if trees.NFeatures() > wire.DefaultDim || trees.NOutputGroups() != 1 {
		return fmt.Errorf("%s: %d features and %d outputs, not up to %d and 1", name, trees.NFeatures(), trees.NOutputGroups(), wire.DefaultDim)
	}
	score = func(rows, scores []float32) { predict(trees, rows, scores) }
	return nil
}

// readTrees reads a model with leaves. leaves refuses version v4 of the format, which differs
// from v3 in no line that it reads.
func readTrees(name string) (*leaves.Ensemble, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	text = bytes.Replace(text, []byte("\nversion=v4\n"), []byte("\nversion=v3\n"), 1)
	trees, err := leaves.LGEnsembleFromReader(bufio.NewReader(bytes.NewReader(text)), true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return trees, nil
}

// doubles is rows and scores in float64, which is all that leaves takes.
type doubles struct{ rows, scores []float64 }

var pool = sync.Pool{New: func() any {
	return &doubles{make([]float64, wire.DefaultMaxVectors*wire.DefaultDim), make([]float64, wire.DefaultMaxVectors)}
}}

// predict scores rows with leaves on the calling goroutine.
func predict(trees *leaves.Ensemble, rows, scores []float32) {
	d := pool.Get().(*doubles)
	defer pool.Put(d)
	for i, v := range rows {
		d.rows[i] = float64(v)
	}
	if len(scores) == 1 {
		scores[0] = float32(trees.PredictSingle(d.rows[:wire.DefaultDim], 0))
		return
	}
	// It fails only if a size is wrong, and serveFile has seen to the sizes.
	_ = trees.PredictDense(d.rows[:len(rows)], len(scores), wire.DefaultDim, d.scores, 0, 1)
	for i := range scores {
		scores[i] = float32(d.scores[i])
	}
}
