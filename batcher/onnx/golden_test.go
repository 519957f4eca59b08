package onnx

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with onnxruntime's, bit for bit or, if the graph computes sums that
// onnxruntime adds in another order, within what the model says. Every label is compared.
func TestGolden(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "onnx*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			data := goldentest.Model(t, dir)
			check := func(kind wire.Kind, file string) {
				m, err := Parse(data, forest.Options{Output: kind})
				if err != nil {
					t.Fatal(err)
				}
				if part := m.About.Answers[slices.Index(modelfile.Kinds[:], m.Shape().Kind)].Near; part > 0 {
					goldentest.Near(t, m, dir, file, part)
					return
				}
				goldentest.Check(t, m, dir, file, 0)
			}
			check(wire.Raw, "raw.npy")
			check(wire.Unstated, "raw.npy")
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil {
				check(wire.Class, "class.npy")
			}
		})
	}
}
