package lightgbm

import (
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// FuzzLoad loads whatever it is given. What is accepted scores a row of zeros, for one row as
// for nine.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(sample))
	for _, dir := range goldentest.Folders(f, "lgb*") {
		f.Add(goldentest.Model(f, dir))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load(data, modelfile.Options{})
		if err != nil {
			return
		}
		shape := m.Shape()
		if shape.Dim*len(m.About.Usage) > 1<<20 || shape.Outputs > 1<<10 {
			return // wide, and slow to score
		}
		rows := make([]float32, 9*shape.Dim)
		one, nine := make([]float32, shape.Outputs), make([]float32, 9*shape.Outputs)
		if err := m.NewScorer().Score(rows[:shape.Dim], shape.Dim, one); err != nil {
			t.Fatal(err)
		}
		if err := m.NewScorer().Score(rows, shape.Dim, nine); err != nil {
			t.Fatal(err)
		}
		for i, x := range nine {
			if y := one[i%shape.Outputs]; x != y && (x == x || y == y) {
				t.Fatalf("output %d is %v alone and %v among nine", i, y, x)
			}
		}
	})
}
