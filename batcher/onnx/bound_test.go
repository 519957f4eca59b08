package onnx

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

// TestBound compares graphs that do more than follow trees. testdata/judge.py says of each score what
// float64 arithmetic makes of the row, and how far from it float32 arithmetic may end.
func TestBound(t *testing.T) {
	var ours, theirs distance
	for _, dir := range goldentest.Folders(t, "bound_*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			got := scores(t, dir, wire.Raw)
			raw := goldentest.ReadArray(t, filepath.Join(dir, "raw.npy"))
			exact, columns := goldentest.ReadDoubles(t, filepath.Join(dir, "exact.npy"))
			bound, _ := goldentest.ReadDoubles(t, filepath.Join(dir, "bound.npy"))
			if len(got) != len(exact) || len(bound) != len(exact) || len(raw.Data) != len(exact) {
				t.Fatalf("%d scores, not %d", len(got), len(exact))
			}
			wrong := 0
			for i, g := range got {
				if !within(g, raw.Data[i], exact[i], bound[i]) {
					if wrong++; wrong <= 3 {
						t.Errorf("row %d, output %d: %v, not %v +- %.3g; onnxruntime answers %v",
							i/columns, i%columns, g, exact[i], bound[i], raw.Data[i])
					}
				}
				ours.add(g, exact[i], bound[i])
				theirs.add(raw.Data[i], exact[i], bound[i])
			}
			checkClass(t, dir)
		})
	}
	t.Logf("ours: %v", &ours)
	t.Logf("onnxruntime's: %v", &theirs)
}

// within reports whether a score may be what it is. It may always be onnxruntime's. Where the bound is 0
// each operation has one right result, and exact is onnxruntime's. Where it is infinite a step before
// may overflow.
func within(got, raw float32, exact, bound float64) bool {
	g := float64(got)
	switch {
	case math.IsInf(bound, 1), math.Float32bits(got) == math.Float32bits(raw):
		return true
	case math.IsNaN(exact):
		return math.IsNaN(g)
	case math.IsInf(exact, 0):
		return g == exact
	}
	return math.Abs(g-exact) <= bound // so that 0 has any sign
}

// distance is how far scores are from the exact ones, where these are finite.
type distance struct {
	units  []float64 // of 2**-24 of the score or of 1
	beyond int
	share  float64 // of the bound, where the score is not beyond it
}

func (d *distance) add(got float32, exact, bound float64) {
	if bound == 0 || math.IsInf(bound, 1) || math.IsNaN(exact) || math.IsInf(exact, 0) {
		return
	}
	away := math.Abs(float64(got) - exact)
	if away <= bound {
		d.share = max(d.share, away/bound)
	} else {
		d.beyond++
	}
	d.units = append(d.units, away*(1<<24)/max(1, math.Abs(exact)))
}

func (d *distance) String() string {
	count := len(d.units)
	if count == 0 {
		return "no score that is not settled to the bit"
	}
	slices.Sort(d.units)
	return fmt.Sprintf("half of the scores are at most %.2g units away, 99 of 100 at most %.3g; of %d, %d are beyond the bound, and the others at most %.3g of it away",
		d.units[count/2], d.units[count*99/100], count, d.beyond, d.share)
}

// checkClass compares labels, where the best scores are not too near each other.
func checkClass(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "class.npy")
	if _, err := os.Stat(file); err != nil {
		return
	}
	got, want := scores(t, dir, wire.Class), goldentest.ReadArray(t, file)
	if len(got) != len(want.Data) {
		t.Fatalf("%d labels, not %d", len(got), len(want.Data))
	}
	for i, w := range want.Data {
		if w >= 0 && got[i] != w {
			t.Errorf("row %d: label %v, not %v", i, got[i], w)
		}
	}
}

// scores loads the model in a folder, and scores the rows there.
func scores(t *testing.T, dir string, kind wire.Kind) []float32 {
	t.Helper()
	m, err := Parse(goldentest.Model(t, dir), forest.Options{Output: kind})
	if err != nil {
		t.Fatal(err)
	}
	rows := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy"))
	shape := m.Shape()
	if shape.Dim != rows.Columns {
		t.Fatalf("dim %d, not %d", shape.Dim, rows.Columns)
	}
	got := make([]float32, len(rows.Data)/shape.Dim*shape.Outputs)
	if err := m.NewScorer().Score(rows.Data, rows.Columns, got); err != nil {
		t.Fatal(err)
	}
	return got
}
