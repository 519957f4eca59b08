package xgboost

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// FuzzLoad loads anything. What is accepted must score, and what is refused must be refused
// with a sentence.
func FuzzLoad(f *testing.F) {
	for _, dir := range goldentest.Folders(f, "xgb*") {
		if data := goldentest.Model(f, dir); len(data) < 10<<10 {
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

// A model that has been loaded does not depend on the file's bytes.
func TestLoadKeepsNothing(t *testing.T) {
	for _, dir := range []string{"xgb_names", "xgb203_ubj", "xgb_linear_classes"} {
		data := bytes.Clone(goldentest.Model(t, "testdata/"+dir))
		m, err := Load(data, modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		row := goldentest.Array{Data: make([]float32, m.Shape().Dim), Columns: m.Shape().Dim}
		before, names := scores(t, m, row), strings.Join(m.About.Features, "")
		clear(data)
		if after := scores(t, m, row); !slices.Equal(before, after) {
			t.Errorf("%s: %v, then %v", dir, before, after)
		}
		if strings.Join(m.About.Features, "") != names {
			t.Errorf("%s: the names of the features have changed", dir)
		}
	}
}
