package onnx

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

// TestKernelOfLayers: a network multiplies with the kernel that is asked for, and says so; and the scores have
// the same bits with each.
func TestKernelOfLayers(t *testing.T) {
	for _, dir := range []string{"testdata/bound_sk_mlp", "testdata/bound_matmul", "testdata/bound_gemm"} {
		rows := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy"))
		var all [][]float32
		for _, k := range kernel.All() {
			m, err := Parse(goldentest.Model(t, dir), forest.Options{Output: wire.Raw, Kernel: k})
			if err != nil {
				t.Fatal(err)
			}
			if m.Kernel() != k.String() {
				t.Errorf("%s: the kernel is called %q, not %v", dir, m.Kernel(), k)
			}
			scores := make([]float32, len(rows.Data)/m.Shape().Dim*m.Shape().Outputs)
			if err := m.Score(scores, rows.Data); err != nil {
				t.Fatal(err)
			}
			if all = append(all, scores); !slices.EqualFunc(scores, all[0], func(a, b float32) bool { return a == b || a != a && b != b }) {
				t.Errorf("%s: the scores differ between %v and %v", dir, k, kernel.Portable)
			}
		}
	}
}
