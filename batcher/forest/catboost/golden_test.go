package catboost

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with CatBoost's, within what the model says that they may differ.
func TestGolden(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "cat*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			data := goldentest.Read(t, filepath.Join(dir, "model.json"))
			goldentest.NameIfFailed(t, dir)
			compare(t, data, wire.Raw, dir, "raw.npy")
			compare(t, data, wire.Prob, dir, "prob.npy")
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil {
				compare(t, data, wire.Class, dir, "class.npy")
			} else if _, err := Load(data, modelfile.Options{Output: wire.Class}); err == nil {
				t.Error("classes without classes")
			}
		})
	}
}

// TestAnswers: the call that each output equals.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		dir        string
		iterations int
		want       string
	}{
		{"cat_rmse", 0, `raw model.predict(rows, prediction_type="RawFormulaVal") 0, prob model.predict(rows, prediction_type="RawFormulaVal") 0, ` +
			`class refused: loss_function: a model of the type RMSE has no classes`},
		{"cat_logloss", 2, `raw model.predict(rows, prediction_type="RawFormulaVal", ntree_end=2) 0, ` +
			`prob model.predict(rows, prediction_type="Probability", ntree_end=2)[:, 1] 1, ` +
			`class model.predict(rows, prediction_type="Class", ntree_end=2), as the index in model.classes_ 0`},
		{"cat_multiclass", 0, `raw model.predict(rows, prediction_type="RawFormulaVal") 0, prob model.predict(rows, prediction_type="Probability") 1, ` +
			`class model.predict(rows, prediction_type="Class"), as the index in model.classes_ 0`},
		{"cat_poisson", 0, `raw model.predict(rows, prediction_type="RawFormulaVal") 0, prob model.predict(rows, prediction_type="Exponent") 1, ` +
			`class refused: loss_function: a model of the type Poisson has no classes`},
	} {
		m, err := Load(goldentest.Read(t, filepath.Join("testdata", c.dir, "model.json")), modelfile.Options{Output: wire.Raw, Iterations: c.iterations})
		if err != nil {
			t.Fatal(err)
		}
		if got := goldentest.Answers(m); got != c.want {
			t.Errorf("%s: %s", c.dir, got)
		}
	}
}

func compare(t *testing.T, data []byte, output wire.Kind, dir, file string) {
	t.Helper()
	m, err := Load(data, modelfile.Options{Output: output})
	if err != nil {
		t.Fatal(err)
	}
	want := goldentest.ReadArray(t, filepath.Join(dir, file))
	if shape := m.Shape(); want.Columns == 2 && shape.Outputs == 1 { // the probabilities of both classes
		for i := range len(want.Data) / 2 {
			want.Data[i] = want.Data[2*i+1]
		}
		want.Data, want.Columns = want.Data[:len(want.Data)/2], 1
	}
	rows := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy"))
	got := make([]float32, len(want.Data))
	if err := m.NewScorer().Score(rows.Data, rows.Columns, got); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, got, want, m.About.Answers[output-wire.Raw].Steps)
}
