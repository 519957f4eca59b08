package xgboost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with XGBoost's, bit for bit. Probabilities could differ by an
// ulp, where the C library's expf gives other bits with fused instructions, but none of these do.
func TestGolden(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "xgb*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			data := goldentest.Model(t, dir)
			iterations := modelfile.AllIterations
			if goldentest.Best(t, dir) {
				iterations = modelfile.BestIteration
			}
			compare(t, data, modelfile.Options{Output: wire.Raw, Iterations: iterations}, dir, "raw.npy")
			compare(t, data, modelfile.Options{Iterations: iterations}, dir, "prob.npy")
			o := modelfile.Options{Output: wire.Class, Iterations: iterations}
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil && !strings.Contains(dir, "multi_label") {
				compare(t, data, o, dir, "class.npy")
			} else if _, err := Load(data, o); err == nil {
				t.Error("classes without classes")
			}
		})
	}
}

func compare(t *testing.T, data []byte, o modelfile.Options, dir, file string) {
	t.Helper()
	m, err := Load(data, o)
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, m, dir, file, 0)
}

func scores(t *testing.T, m *modelfile.Model, rows goldentest.Array) []float32 {
	t.Helper()
	out := make([]float32, len(rows.Data)/rows.Columns*m.Shape().Outputs)
	if err := m.NewScorer().Score(rows.Data, rows.Columns, out); err != nil {
		t.Fatal(err)
	}
	return out
}
