package onnx

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// FuzzLoad loads anything. What is accepted must score, and what is refused must be refused with a
// sentence.
func FuzzLoad(f *testing.F) {
	for _, dir := range goldentest.FoldersOf(f, "testdata", "onnx*") {
		data := goldentest.Model(f, dir)
		f.Add(data, uint8(wire.Raw))
		f.Add(data, uint8(wire.Class))
	}
	f.Fuzz(func(t *testing.T, data []byte, output uint8) {
		m, err := load(data, modelfile.Options{Output: wire.Kind(output % 4)})
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
