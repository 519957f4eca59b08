package xgboost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/dense"
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

// TestAnswers: what a file says of its answers is what the README promises.
func TestAnswers(t *testing.T) {
	const predict = "booster.predict(DMatrix(rows)"
	for dir, want := range map[string]string{
		"xgb_best":           "prob " + predict + ") 0, class " + predict + ") > 0.5 0",
		"xgb_logitraw":       "prob " + predict + ") 0, class " + predict + ") > 0 0",
		"xgb_softmax":        "prob " + predict + ") 0, class " + predict + ") 0",
		"xgb_linear_classes": "prob " + predict + ") 2, class " + predict + ").argmax(axis=1) 0",
		"xgb_poisson":        "prob " + predict + ") 1, class refused: the objective count:poisson has no classes",
		"xgb_labels":         "prob " + predict + ") 0, class refused: the model has 3 labels, each with classes of its own",
	} {
		want = "raw " + predict + ", output_margin=True) 0, " + want
		m, err := Load(goldentest.Model(t, filepath.Join("testdata", dir)), modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := goldentest.Answers(m); got != want {
			t.Errorf("%s: %s", dir, got)
		}
	}
	m, err := Load(goldentest.Model(t, "testdata/xgb_best"), modelfile.Options{Iterations: modelfile.BestIteration})
	if err != nil || m.About.Answers[1].Call != predict+", iteration_range=(0, 4))" || m.About.NoBest != "" {
		t.Errorf("%v, %+v", err, m)
	}
	for dir, want := range map[string]string{"xgb_linear": "gblinear", "xgb_logistic": "best_iteration", "xgb133_softprob": "num_parallel_tree"} {
		m, err := Load(goldentest.Model(t, filepath.Join("testdata", dir)), modelfile.Options{})
		if err != nil || !strings.Contains(m.About.NoBest, want) {
			t.Errorf("%s: %v, %+v", dir, err, m)
		}
	}
}

// TestImportance: splits and gains are what the library's own importances are.
func TestImportance(t *testing.T) {
	compared := 0
	for _, dir := range goldentest.Folders(t, "xgb*") {
		m, err := Load(goldentest.Model(t, dir), modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if linear, ok := m.Model.(*dense.Linear); ok {
			if goldentest.CheckWeights(t, linear.Weight, linear.Shape().Dim*len(linear.Start()), dir) {
				compared++
			}
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if goldentest.CheckImportance(t, m.About.Usage, dir) {
				compared++
			}
		})
	}
	if compared < 20 {
		t.Errorf("%d models were compared", compared)
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
