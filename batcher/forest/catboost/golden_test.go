package catboost

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest/internal/golden"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with CatBoost's: raw scores and classes bit for bit, others within
// one step of float32.
func TestGolden(t *testing.T) {
	for _, dir := range golden.Folders(t, "cat*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			data := golden.Read(t, filepath.Join(dir, "model.json"))
			compare(t, data, wire.Raw, dir, "raw.npy", 0)
			compare(t, data, wire.Unstated, dir, "prob.npy", 1)
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil {
				compare(t, data, wire.Class, dir, "class.npy", 0)
			} else if _, err := Load(data, modelfile.Options{Output: wire.Class}); err == nil {
				t.Error("classes without classes")
			}
		})
	}
}

func compare(t *testing.T, data []byte, output wire.Kind, dir, file string, steps int) {
	t.Helper()
	m, err := Load(data, modelfile.Options{Output: output})
	if err != nil {
		t.Fatal(err)
	}
	want := golden.ReadArray(t, filepath.Join(dir, file))
	if shape := m.Shape(); want.Columns == 2 && shape.Outputs == 1 { // the probabilities of both classes
		for i := range len(want.Data) / 2 {
			want.Data[i] = want.Data[2*i+1]
		}
		want.Data, want.Columns = want.Data[:len(want.Data)/2], 1
	}
	rows := golden.ReadArray(t, filepath.Join(dir, "rows.npy"))
	got := make([]float32, len(want.Data))
	if err := m.NewScorer().Score(rows.Data, rows.Columns, got); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, got, want, steps)
}
