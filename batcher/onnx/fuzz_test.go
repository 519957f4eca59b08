package onnx

import (
	"bytes"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

func FuzzLoad(f *testing.F) {
	goldentest.FuzzLoad(f, load, goldentest.Models(f, goldentest.FoldersOf(f, "testdata", "onnx*"))...)
}

// A model that has been loaded does not depend on the file's bytes.
func TestLoadKeepsNothing(t *testing.T) {
	for _, dir := range []string{"testdata/onnx_classes", "testdata/onnx_ml5_members"} {
		data := bytes.Clone(goldentest.Model(t, dir))
		m, err := load(data, modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows := goldentest.ReadArray(t, dir+"/rows.npy")
		score := func() []float32 {
			out := make([]float32, len(rows.Data)/rows.Columns*m.Shape().Outputs)
			if err := m.NewScorer().Score(rows.Data, rows.Columns, out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		before := score()
		clear(data)
		if !slices.Equal(before, score()) {
			t.Errorf("%s: other scores once the file's bytes are gone", dir)
		}
	}
}
