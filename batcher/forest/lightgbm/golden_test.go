package lightgbm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with LightGBM's, within what the model says that they may differ:
// TestAnswers has the bounds.
func TestGolden(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "lgb*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			data := goldentest.Model(t, dir)
			compare(t, data, wire.Raw, dir, "raw.npy")
			compare(t, data, wire.Prob, dir, "prob.npy")
			_, err := os.Stat(filepath.Join(dir, "class.npy"))
			// What cross_entropy_lambda answers is no probability, whatever the file says.
			if err == nil && !strings.HasSuffix(dir, "cross_entropy_lambda") {
				compare(t, data, wire.Class, dir, "class.npy")
			} else if _, err := Load(data, modelfile.Options{Output: wire.Class}); err == nil || !strings.Contains(err.Error(), "class") {
				t.Errorf("classes without classes: %v", err)
			}
		})
	}
}

// TestAnswers: what a file says of its answers is what the golden tests show. The calls are LightGBM's.
func TestAnswers(t *testing.T) {
	const raw = "booster.predict(rows, raw_score=True"
	for dir, want := range map[string]string{
		"lgb_binary":     "raw " + raw + ") 0, prob booster.predict(rows) 1, class booster.predict(rows) > 0.5 0",
		"lgb_multiclass": "raw " + raw + ") 0, prob booster.predict(rows) 1, class booster.predict(rows).argmax(axis=1) 0",
		"lgb_sqrt": "raw " + raw + ") 0, prob booster.predict(rows) 0, " +
			"class refused: the output class is asked for: the objective is regression, which has no classes",
	} {
		m, err := Load(goldentest.Model(t, filepath.Join("testdata", dir)), modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := goldentest.Answers(m); got != want {
			t.Errorf("%s: %s", dir, got)
		}
	}
	m, err := Load(goldentest.Model(t, "testdata/lgb_binary"), modelfile.Options{Iterations: 3})
	if err != nil || m.About.Answers[0].Call != raw+", num_iteration=3)" || m.About.NoBest == "" {
		t.Errorf("%v, %+v", err, m)
	}
}

// TestImportance: splits and gains are what the library's own importances are.
func TestImportance(t *testing.T) {
	compared := 0
	for _, dir := range goldentest.Folders(t, "lgb*") {
		m, err := Load(goldentest.Model(t, dir), modelfile.Options{})
		if err != nil {
			t.Fatal(err)
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

func compare(t *testing.T, data []byte, output wire.Kind, dir, file string) {
	t.Helper()
	m, err := Load(data, modelfile.Options{Output: output})
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, m, dir, file, m.About.Answers[output-wire.Raw].Steps)
}
