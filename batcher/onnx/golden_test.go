package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with onnxruntime's, bit for bit.
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
