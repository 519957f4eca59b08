package lightgbm

import (
	"fmt"
	"math"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

const stump = `tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=0
feature_names=a

Tree=0
num_leaves=2
num_cat=%d
split_feature=0
threshold=%v
decision_type=%d
left_child=-1
right_child=-2
leaf_value=1 2
cat_boundaries=0 2
cat_threshold=5 1

end of trees
`

// goesLeft is LightGBM's decision, as Tree::NumericalDecision and Tree::CategoricalDecision of
// version 4 have it, with the zeros that its C API puts in place of small features.
func goesLeft(kind int, threshold float64, x float32) bool {
	const zero = float64(float32(1e-35))
	v := float64(x)
	if math.Abs(v) <= zero {
		v = 0
	}
	if kind&1 != 0 {
		c := math.Trunc(v)
		return c == 0 || c == 2 || c == 32
	}
	missing := kind >> 2
	if v != v && missing != 2 {
		v = 0
	}
	if missing == 1 && math.Abs(v) <= zero || missing == 2 && v != v {
		return kind&2 != 0
	}
	return v <= threshold
}

func TestDecisionTypes(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	features := []float32{
		nan, inf, -inf, 0, float32(math.Copysign(0, -1)), 1e-45, 1e-35, -1e-35, 1.1e-35, -1.1e-35, 0.1, -0.1, 0.5, -0.5, -0.9, -1,
		1, 2, 2.9, 3, 31, 32, 33, 63, 64, 1e9, 3e9, 1e30,
	}
	for kind := range 12 {
		for _, threshold := range []float64{0, 0.1, -0.1, 0.5, -0.5, 1e-35, -1e-35, 1e-40, 1e300, -1e300} {
			categorical := kind & 1
			if categorical == 1 {
				threshold = 0
			}
			text := fmt.Sprintf(stump, categorical, threshold, kind)
			m, err := Load([]byte(text), modelfile.Options{Output: wire.Raw})
			if err != nil {
				t.Fatalf("decision_type %d: %v", kind, err)
			}
			out := make([]float32, len(features))
			if err := m.NewScorer().Score(features, 1, out); err != nil {
				t.Fatal(err)
			}
			for i, x := range features {
				if left := out[i] == 1; left != goesLeft(kind, threshold, x) {
					t.Errorf("decision_type %d, threshold %v: %v goes left: %v", kind, threshold, x, left)
				}
			}
		}
	}
}
