package onnx

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

// TestPyTorch compares networks, as both of PyTorch's exporters write them, with what PyTorch answers in
// float64. A score lies near that, or near onnxruntime's, or no farther from the former than the latter.
func TestPyTorch(t *testing.T) {
	folders, err := filepath.Glob("testdata/torch_*")
	if err != nil || len(folders) < 30 {
		t.Fatalf("%d folders, %v", len(folders), err)
	}
	for _, dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			load := func(kind wire.Kind) *forest.Model {
				m, err := Parse(goldentest.Model(t, dir), forest.Options{Output: kind})
				if err != nil {
					t.Fatal(err)
				}
				return m
			}
			checkExact(t, load(wire.Raw), dir)
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil {
				goldentest.Check(t, load(wire.Class), dir, "class.npy", 0)
			}
		})
	}
}

func checkExact(t *testing.T, m *forest.Model, dir string) {
	rows, raw := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy")), goldentest.ReadArray(t, filepath.Join(dir, "raw.npy"))
	exact, columns := goldentest.ReadDoubles(t, filepath.Join(dir, "exact.npy"))
	got := make([]float32, len(exact))
	if err := m.Score(got, rows.Data); err != nil || columns != raw.Columns {
		t.Fatalf("%d outputs, not %d; %v", raw.Columns, columns, err)
	}
	high := make([]float64, columns)
	for i, e := range exact {
		if e := math.Abs(e); e <= math.MaxFloat32 {
			high[i%columns] = max(high[i%columns], e)
		}
	}
	for i, g := range got {
		r, most := float64(raw.Data[i]), near*(1+high[i%columns])
		away, apart := math.Abs(float64(g)-exact[i]), math.Abs(float64(g)-r)
		if goldentest.Steps(g, raw.Data[i]) != 0 && !(away <= most) && !(apart <= most) && !(away <= math.Abs(r-exact[i])) {
			t.Errorf("row %d, output %d: %v, PyTorch answers %v, onnxruntime %v", i/columns, i%columns, g, exact[i], raw.Data[i])
		}
	}
}
