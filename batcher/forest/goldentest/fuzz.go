package goldentest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// FuzzLoad fuzzes a loader, seeded with files. What is refused must be refused with a sentence, and
// what is accepted must score a row of zeros alike alone and among others.
func FuzzLoad(f *testing.F, load func([]byte, modelfile.Options) (*modelfile.Model, error), seeds ...[]byte) {
	for _, data := range seeds {
		if len(data) < 12<<10 {
			f.Add(data, uint8(wire.Raw), 0)
			f.Add(data, uint8(wire.Class), 1)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, output uint8, iterations int) {
		m, err := load(data, modelfile.Options{Output: wire.Kind(output % 4), Iterations: iterations})
		if err != nil {
			misformatted := strings.Contains(err.Error(), "%!") && !bytes.Contains(data, []byte("%!"))
			if s := err.Error(); strings.Contains(s, "\n") || misformatted {
				t.Errorf("this is no sentence: %q", s)
			}
			return
		}
		checkZeros(t, m)
	})
}

// checkZeros scores a row of zeros alone and among nine.
func checkZeros(t *testing.T, m *modelfile.Model) {
	shape := m.Shape()
	if err := shape.Validate(); err != nil {
		t.Fatal(err)
	}
	if shape.Dim > 1<<10 || shape.Outputs > 1<<10 {
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
}

// Models returns the bytes of the only model.* in each of some folders.
func Models(t testing.TB, dirs []string) (all [][]byte) {
	t.Helper()
	for _, dir := range dirs {
		all = append(all, Model(t, dir))
	}
	return all
}
