package cbm

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/catboost"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// trained is the file of a folder that has the same model as model.json.
const trained = "trained.cbm"

// folders returns those with CatBoost's models, rows and answers.
func folders(t testing.TB) []string { return goldentest.FoldersOf(t, "../catboost/testdata", "cat*") }

// TestGolden compares every score with CatBoost's, within what the model says that they may differ.
func TestGolden(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			data := goldentest.Read(t, filepath.Join(dir, trained))
			goldentest.NameIfFailed(t, dir)
			check := func(kind wire.Kind, file string) {
				m, err := load(data, modelfile.Options{Output: kind})
				if err != nil {
					t.Fatal(err)
				}
				goldentest.Check(t, m, dir, file, m.About.Answers[kind-wire.Raw].Steps)
			}
			check(wire.Raw, "raw.npy")
			check(wire.Prob, "prob.npy")
			if _, err := os.Stat(filepath.Join(dir, "class.npy")); err == nil {
				check(wire.Class, "class.npy")
			} else if _, err := load(data, modelfile.Options{Output: wire.Class}); err == nil {
				t.Error("classes without classes")
			}
		})
	}
}

// TestGoldenSame: both formats of a model have the same trees, to the bit, and say the same.
func TestGoldenSame(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			var got, want ensemble.Record
			m, err := load(goldentest.Read(t, filepath.Join(dir, trained)), modelfile.Options{Record: &got})
			if err != nil {
				t.Fatal(err)
			}
			json, err := catboost.Load(goldentest.Model(t, dir), modelfile.Options{Record: &want})
			if err != nil {
				t.Fatal(err)
			}
			checkAbout(t, m.About, json.About)
			checkTrees(t, &got, &want)
		})
	}
}

// checkAbout compares what the formats say.
func checkAbout(t *testing.T, got, want modelfile.About) {
	if got.Format == want.Format {
		t.Errorf("both formats are %s", got.Format)
	}
	if got.Objective != want.Objective || got.Iterations != want.Iterations || got.Trees != want.Trees || got.Leaves != want.Leaves {
		t.Errorf("%+v, not %+v", got, want)
	}
	if !slices.Equal(got.Features, want.Features) || !slices.Equal(sorted(got.Parameters), sorted(want.Parameters)) || !slices.Equal(got.Usage, want.Usage) {
		t.Errorf("%+v, not %+v", got, want)
	}
}

// sorted returns parameters by their names: CatBoost writes them in another order in each format.
func sorted(p []modelfile.Parameter) []modelfile.Parameter {
	return slices.SortedFunc(slices.Values(p), func(a, b modelfile.Parameter) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
}

// checkTrees compares the trees from their roots on, whatever numbers their nodes have.
func checkTrees(t *testing.T, got, want *ensemble.Record) {
	t.Helper()
	if len(got.Trees) != len(want.Trees) || got.Config.Dim != want.Config.Dim || got.Config.Scale != want.Config.Scale ||
		!slices.Equal(got.Config.Bias, want.Config.Bias) {
		t.Fatalf("%d trees for %+v, not %d for %+v", len(got.Trees), got.Config, len(want.Trees), want.Config)
	}
	for i := range got.Trees {
		a, b := &got.Trees[i], &want.Trees[i]
		if a.Group != b.Group || len(a.Nodes) != len(b.Nodes) || len(a.Leaves) != len(b.Leaves) || !sameBelow(a, b, root(a), root(b)) {
			t.Fatalf("tree %d is %+v, not %+v", i, a, b)
		}
	}
}

func root(t *ensemble.Tree) int32 {
	if len(t.Nodes) == 0 {
		return ^0
	}
	return 0
}

func sameBelow(a, b *ensemble.Tree, at, bt int32) bool {
	if at < 0 || bt < 0 {
		return at < 0 && bt < 0 && math.Float64bits(a.Leaves[^at]) == math.Float64bits(b.Leaves[^bt])
	}
	n, m := a.Nodes[at], b.Nodes[bt]
	return n.Feature == m.Feature && n.Missing == m.Missing && math.Float32bits(n.Threshold) == math.Float32bits(m.Threshold) &&
		sameBelow(a, b, n.Left, m.Left) && sameBelow(a, b, n.Right, m.Right)
}
