package catboost

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// FuzzLoad loads anything. What is accepted must score, and what is refused must be refused with a
// sentence.
func FuzzLoad(f *testing.F) {
	for _, dir := range goldentest.Folders(f, "cat*") {
		if data := goldentest.Read(f, filepath.Join(dir, "model.json")); len(data) < 12<<10 {
			f.Add(data, uint8(wire.Raw), 0)
			f.Add(data, uint8(wire.Class), 1)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, output uint8, iterations int) {
		m, err := Load(data, modelfile.Options{Output: wire.Kind(output % 4), Iterations: iterations})
		if err != nil {
			if s := err.Error(); strings.Contains(s, "\n") || strings.Contains(s, "%!") {
				t.Errorf("this is no sentence: %q", s)
			}
			return
		}
		shape := m.Shape()
		if err := shape.Validate(); err != nil {
			t.Fatal(err)
		}
		rows, out := make([]float32, 3*shape.Dim), make([]float32, 3*shape.Outputs)
		if err := m.NewScorer().Score(rows, shape.Dim, out); err != nil {
			t.Error(err)
		}
	})
}
