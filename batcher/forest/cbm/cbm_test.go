package cbm

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

var nan = float32(math.NaN())

// TestSymmetric: the split of level d decides bit d of the leaf, and a row at the border goes left.
func TestSymmetric(t *testing.T) {
	got := scored(t, small(), -1, 0, 0, 0, -1, 1, 3, 1, nan, nan)
	if want := []float32{11.5, 12.5, 13.5, 24.5, 13.5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestNodes: a node may have one leaf of its own. The splits of leaves mean nothing.
func TestNodes(t *testing.T) {
	c := nodes()
	c.splits[2], c.splits[3] = -5, 99
	if got, want := scored(t, c, 1, 2, 3, nan), []float32{9.5, 7.5, 8.5, 9.5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	c.steps[0], c.steps[1] = [2]uint16{1, 0}, [2]uint16{2, 1}
	if got, want := scored(t, c, 1, 2, 3), []float32{8.5, 9.5, 9.5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestLeafAlone: a tree of one leaf in a model without borders, as of a constant target.
func TestLeafAlone(t *testing.T) {
	c := nodes()
	c.features[0].borders, c.sizes, c.splits, c.steps, c.leaves, c.values = nil, []int32{1}, []int32{0}, make([][2]uint16, 1), []uint32{0}, []float64{4}
	if got := scored(t, c, 1); got[0] != 4.5 {
		t.Error(got)
	}
}

// TestScaleAndBias: older files have one bias, and no scale.
func TestScaleAndBias(t *testing.T) {
	c := small()
	c.scale = -2
	if got := scored(t, c, -1, 0); got[0] != -21.5 {
		t.Error(got)
	}
	c.scale, c.bias, c.biases = 1, 0.25, nil
	if got := scored(t, c, -1, 0); got[0] != 11.25 {
		t.Error(got)
	}
	c.info[0][1], c.outputs, c.bias, c.values = `{"loss_function":{"type":"MultiRMSE"}}`, 2, 0, make([]float64, 12)
	c.values[0], c.values[9] = 3, 5 // of leaf 0 of the first tree, and of leaf 0 of the second
	if got, want := scored(t, c, -1, 0), []float32{3, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestNoTables: old versions wrote the number of tables for categories, which is 0.
func TestNoTables(t *testing.T) {
	c := small()
	c.parts = []string{"static_provider_v1"}
	if _, err := load(append(c.bytes(), noTables...), modelfile.Options{}); err != nil {
		t.Error(err)
	}
}

// TestColumns: a feature's number among those of numbers is what trees know it by, and its flat index the
// column.
func TestColumns(t *testing.T) {
	c := small()
	c.features[0].flat, c.features[1].flat = 1, 0
	if got, want := scored(t, c, 1, -1), []float32{13.5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	m, err := load(c.bytes(), modelfile.Options{})
	if err != nil || !slices.Equal(m.About.Features, []string{"b", "a"}) {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestAbout: what the file says beyond the scores.
func TestAbout(t *testing.T) {
	c := small()
	c.info = append([][2]string{{"model_guid", "1-2"}}, c.info...)
	m, err := load(c.bytes(), modelfile.Options{Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	a := m.About
	if a.Format != "CatBoost .cbm" || a.Objective != "RMSE" || a.Iterations != 2 || a.Used != 1 || a.Trees != 1 || a.Leaves != 4 ||
		!slices.Equal(a.Parameters, []modelfile.Parameter{{Name: "depth", Value: "2"}}) {
		t.Errorf("%+v", a)
	}
	if _, err := load(c.bytes(), modelfile.Options{Iterations: modelfile.BestIteration}); err == nil || !strings.Contains(err.Error(), "best") {
		t.Error(err)
	}
}

// TestLoader: package forest needs the loader, and says so.
func TestLoader(t *testing.T) {
	data := small().bytes()
	if m, err := forest.ParseWith(data, forest.Options{}, Loader); err != nil || m.FileBytes != len(data) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := forest.Parse(data, forest.Options{}); err == nil || !strings.Contains(err.Error(), "batcher/forest/cbm") {
		t.Error(err)
	}
}

// TestLoadKeepsNothing: a model that has been loaded does not depend on the file's bytes.
func TestLoadKeepsNothing(t *testing.T) {
	for _, name := range []string{"cat_multiclass", "cat_lossguide"} {
		dir := filepath.Join("../catboost/testdata", name)
		data := bytes.Clone(goldentest.Read(t, filepath.Join(dir, trained)))
		m, err := load(data, modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		clear(data)
		goldentest.Check(t, m, dir, "prob.npy", m.About.Answers[1].Steps)
	}
}
