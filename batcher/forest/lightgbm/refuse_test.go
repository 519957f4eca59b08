package lightgbm

import (
	"runtime"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// sample is a model of two trees, the second with a categorical split and linear leaves.
const sample = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=a b c
feature_infos=[0:1] [0:1] 0:1:2
tree_sizes=300 300

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=2 1
threshold=0.5 1.5
decision_type=2 8
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 4
is_linear=0
shrinkage=1


Tree=1
num_leaves=3
num_cat=1
split_feature=2 0
split_gain=5 0.5
threshold=0 0.25
decision_type=1 10
left_child=-1 -2
right_child=1 -3
leaf_value=0.1 0.2 0.3
leaf_weight=1 2 3
cat_boundaries=0 1
cat_threshold=5
is_linear=1
leaf_const=0.1 0.2 0.3
num_features=1 0 2
leaf_features=0  0 1
leaf_coeff=0.5  1 2
shrinkage=1


end of trees

feature_importances:
a=2

parameters:
[boosting: gbdt]
[objective: binary]

end of parameters

pandas_categorical:null
`

// edits are changes of the sample that make it one to refuse, with words of the refusal.
var edits = []struct {
	old, new string
	want     []string
}{
	{"version=v4", "version=v9", []string{"version=v9", "v2 to v4"}},
	{"version=v4", "version=v4\nversion=v4", []string{"version", "twice"}},
	{"version=v4", "version=v4\nbest_of=3", []string{`"best_of=3"`, "unknown"}},
	{"max_feature_idx=2\n", "", []string{"max_feature_idx is missing"}},
	{"max_feature_idx=2", "max_feature_idx=two", []string{"max_feature_idx=two"}},
	{"max_feature_idx=2", "max_feature_idx=2147483647", []string{"max_feature_idx=2147483647", "65534"}},
	{"max_feature_idx=2", "max_feature_idx=-1", []string{"max_feature_idx=-1"}},
	{"max_feature_idx=2", "max_feature_idx=1", []string{"feature_names", "3", "max_feature_idx=1", "2"}},
	{"feature_infos=[0:1] ", "feature_infos=", []string{"feature_infos", "2", "3"}},
	{"num_tree_per_iteration=1", "num_tree_per_iteration=0", []string{"num_tree_per_iteration=0"}},
	{"num_tree_per_iteration=1", "num_tree_per_iteration=1000000000", []string{"num_tree_per_iteration=1000000000"}},
	{"num_tree_per_iteration=1", "num_tree_per_iteration=3", []string{"num_tree_per_iteration=3", "2 trees"}},
	{"num_tree_per_iteration=1", "num_tree_per_iteration=2", []string{"num_tree_per_iteration=2", "num_class=1"}},
	{"num_class=1\nnum_tree_per_iteration=1", "num_class=2\nnum_tree_per_iteration=2", []string{"objective=binary", "num_tree_per_iteration=2"}},
	{"num_class=1", "num_class=99999999999999999999", []string{"num_class=99999999999999999999"}},
	{"objective=binary", "objective=my_loss", []string{"objective=my_loss", "unknown"}},
	{"sigmoid:1", "sigmoid:zero", []string{"objective=binary", "sigmoid:zero"}},
	{"sigmoid:1", "sigmoid:-1", []string{"sigmoid:-1"}},
	{" sigmoid:1", "", []string{"objective=binary", "sigmoid is missing"}},
	{"sigmoid:1", "sigmoid:1 sqrt", []string{"objective=binary", "sqrt"}},
	{"sigmoid:1", "sigmoid:1 gentle", []string{"objective=binary", "gentle"}},
	{"objective=binary", "objective=multiclass num_class:4", []string{"objective=multiclass", "num_class:4"}},
	{"objective=binary sigmoid:1", "objective=multiclass num_class:1", []string{"objective=multiclass", "num_tree_per_iteration=1"}},

	{"num_leaves=3", "num_leaves=-3", []string{"Tree=0", "num_leaves=-3"}},
	{"num_leaves=3", "num_leaves=2000000000", []string{"Tree=0", "num_leaves=2000000000", "3"}},
	{"num_leaves=3\n", "", []string{"Tree=0", "num_leaves is missing"}},
	{"num_leaves=3", "num_leaves=1", []string{"Tree=0", "leaf_value", "more than 1"}},
	{"split_feature=0 1", "split_feature=-1 1", []string{"Tree=0", "node 0", "split_feature -1"}},
	{"split_feature=0 1", "split_feature=0 3", []string{"Tree=0", "node 1", "split_feature 3", "max_feature_idx=2"}},
	{"split_feature=0 1", "split_feature=0 1.5", []string{"Tree=0", "split_feature", "number 1", "1.5"}},
	{"split_feature=0 1\n", "", []string{"Tree=0", "split_feature is missing"}},
	{"threshold=0.5 1.5", "threshold=0.5 nan", []string{"Tree=0", "threshold", "number 1", "nan"}},
	{"threshold=0.5 1.5", "threshold=0,5 1,5", []string{"Tree=0", "threshold", "0,5", "comma"}},
	{"threshold=0.5 1.5", "threshold=0x1p-2 1.5", []string{"Tree=0", "threshold", "0x1p-2"}},
	{"threshold=0.5 1.5", "threshold=1e999 1.5", []string{"Tree=0", "threshold", "1e999"}},
	{"threshold=0.5 1.5", "threshold=1-2 1.5", []string{"Tree=0", "threshold", "1-2"}},
	{"threshold=0.5 1.5", "threshold=0.5", []string{"Tree=0", "threshold", "1", "2"}},
	{"threshold=0.5 1.5", "threshold=0.5 1.5 2.5", []string{"Tree=0", "threshold", "more than 2"}},
	{"threshold=0.5 1.5", "thresholds=0.5 1.5", []string{"Tree=0", "thresholds", "unknown"}},
	{"threshold=0.5 1.5", "threshold=0.5 1.5\nthreshold=0.5 1.5", []string{"Tree=0", "threshold", "twice"}},
	{"decision_type=2 8", "decision_type=14 8", []string{"Tree=0", "node 0", "decision_type 14"}},
	{"decision_type=2 8", "decision_type=2 16", []string{"Tree=0", "node 1", "decision_type 16"}},
	{"decision_type=2 8", "decision_type=2 -2", []string{"Tree=0", "node 1", "decision_type -2"}},
	{"decision_type=2 8", "decision_type=3 8", []string{"Tree=0", "node 0", "decision_type 3", "num_cat=0"}},
	{"split_gain=2 1", "split_gain=2", []string{"Tree=0", "split_gain"}},
	{"left_child=1 -1", "left_child=0 -1", []string{"Tree=0", "left_child 0", "node 0", "root"}},
	{"left_child=1 -1", "left_child=1 1", []string{"Tree=0", "left_child 1", "node 1", "two parents"}},
	{"left_child=1 -1", "left_child=1 -2", []string{"Tree=0", "right_child -2", "node 1", "leaf 1 has two parents"}},
	{"left_child=1 -1", "left_child=77 -1", []string{"Tree=0", "left_child 77", "no node 77", "2 nodes"}},
	{"right_child=-3 -2", "right_child=-99 -2", []string{"Tree=0", "right_child -99", "no leaf 98", "num_leaves=3"}},
	{"right_child=-3 -2", "right_child=-2147483648 -2", []string{"Tree=0", "right_child -2147483648", "num_leaves=3"}},
	{"right_child=-3 -2", "right_child=-3", []string{"Tree=0", "right_child", "1", "2"}},
	{"leaf_value=1 2 4", "leaf_value=1 nan 4", []string{"Tree=0", "leaf_value", "number 1", "nan"}},
	{"leaf_value=1 2 4", "leaf_value=1 2 4 8", []string{"Tree=0", "leaf_value", "more than 3"}},
	{"leaf_value=1 2 4", "leaf_value=1 two 4", []string{"Tree=0", "leaf_value", "two"}},
	{"Tree=1", "Tree=1\nnot a key", []string{"Tree=1", "not a key"}},

	{"num_cat=1", "num_cat=0", []string{"Tree=1", "node 0", "decision_type 1", "num_cat=0"}},
	{"num_cat=1", "num_cat=-1", []string{"Tree=1", "num_cat=-1"}},
	{"num_cat=1", "num_cat=2000000000", []string{"Tree=1", "num_cat=2000000000"}},
	{"threshold=0 0.25", "threshold=1 0.25", []string{"Tree=1", "node 0", "threshold 1", "num_cat=1"}},
	{"threshold=0 0.25", "threshold=-1 0.25", []string{"Tree=1", "node 0", "threshold -1"}},
	{"threshold=0 0.25", "threshold=0.5 0.25", []string{"Tree=1", "node 0", "threshold 0.5"}},
	{"cat_boundaries=0 1", "cat_boundaries=0 900", []string{"Tree=1", "cat_boundaries", "900", "cat_threshold"}},
	{"cat_boundaries=0 1", "cat_boundaries=1 1", []string{"Tree=1", "cat_boundaries", "begins with 1"}},
	{"cat_boundaries=0 1", "cat_boundaries=0", []string{"Tree=1", "cat_boundaries", "1"}},
	{"num_cat=1\n", "num_cat=2\n", []string{"Tree=1", "cat_boundaries"}},
	{"cat_threshold=5", "cat_threshold=99999999999", []string{"Tree=1", "cat_threshold", "99999999999"}},
	{"cat_threshold=5", "cat_threshold=-5", []string{"Tree=1", "cat_threshold", "-5"}},
	{"cat_threshold=5", "cat_threshold=5 6", []string{"Tree=1", "cat_boundaries", "cat_threshold", "2"}},
	{"cat_threshold=5\n", "", []string{"Tree=1", "cat_threshold", "0"}},

	{"is_linear=1", "is_linear=2", []string{"Tree=1", "is_linear=2"}},
	{"leaf_const=0.1 0.2 0.3\n", "", []string{"Tree=1", "is_linear=1", "leaf_const"}},
	{"leaf_const=0.1 0.2 0.3", "leaf_const=0.1 nan 0.3", []string{"Tree=1", "leaf_const", "nan"}},
	{"num_features=1 0 2", "num_features=1 0", []string{"Tree=1", "num_features"}},
	{"num_features=1 0 2", "num_features=1 0 -2", []string{"Tree=1", "num_features", "-2"}},
	{"num_features=1 0 2", "num_features=1 0 2000000000", []string{"Tree=1", "leaf_features", "num_features"}},
	{"num_features=1 0 2", "num_features=1 0 1", []string{"Tree=1", "leaf_features", "num_features", "2"}},
	{"leaf_features=0  0 1", "leaf_features=0  0 3", []string{"Tree=1", "leaf_features", "3", "0 to 2"}},
	{"leaf_features=0  0 1", "leaf_features=0  0", []string{"Tree=1", "leaf_features", "num_features"}},
	{"leaf_coeff=0.5  1 2", "leaf_coeff=0.5  1", []string{"Tree=1", "leaf_coeff", "num_features"}},
	{"leaf_coeff=0.5  1 2", "leaf_coeff=0.5  1 nan", []string{"Tree=1", "leaf_coeff", "nan"}},
	{"end of trees", "", []string{"feature_importances", "unknown"}},
}

func TestRefused(t *testing.T) {
	if _, err := Load([]byte(sample), modelfile.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		text := strings.Replace(sample, e.old, e.new, 1)
		if text == sample {
			t.Errorf("%q is not in the sample", e.old)
		}
		_, err := Load([]byte(text), modelfile.Options{})
		refused(t, e.new, err, e.want)
	}
}

func refused(t *testing.T, what string, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Errorf("%q: not refused", what)
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q: %q does not name %q", what, err, w)
		}
	}
	if text := err.Error(); len(text) > 300 || strings.Contains(text, "\n") {
		t.Errorf("%q: no short sentence: %q", what, text)
	}
}

// TestTruncated cuts the sample at every byte before its trees end.
func TestTruncated(t *testing.T) {
	end := strings.Index(sample, "end of trees") + len("end of trees")
	for i := range end {
		if _, err := Load([]byte(sample[:i]), modelfile.Options{}); err == nil {
			t.Fatalf("%d bytes are not refused", i)
		}
	}
	for i := end; i <= len(sample); i++ {
		if _, err := Load([]byte(sample[:i]), modelfile.Options{}); err != nil {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
	for _, c := range []struct {
		before string
		want   []string
	}{
		{"Tree=0", []string{"before the first tree", "'end of trees'"}},
		{"leaf_value=1", []string{"Tree=0", "after right_child", "'end of trees'"}},
		{"end of trees", []string{"Tree=1", "after shrinkage", "'end of trees'", "booster.save_model"}},
	} {
		_, err := Load([]byte(sample[:strings.Index(sample, c.before)]), modelfile.Options{})
		refused(t, "before "+c.before, err, c.want)
	}
}

func TestOptionsRefused(t *testing.T) {
	regression := strings.Replace(sample, "binary sigmoid:1", "regression", 1)
	custom := strings.Replace(sample, "objective=binary sigmoid:1\n", "", 1)
	for _, c := range []struct {
		text string
		o    modelfile.Options
		want []string
	}{
		{sample, modelfile.Options{Iterations: modelfile.BestIteration}, []string{"best"}},
		{sample, modelfile.Options{Iterations: -2}, []string{"-2 iterations"}},
		{sample, modelfile.Options{Iterations: 3}, []string{"3 iterations", "2"}},
		{regression, modelfile.Options{Output: wire.Class}, []string{"class", "regression"}},
		{custom, modelfile.Options{Output: wire.Class}, []string{"class", "objective"}},
	} {
		_, err := Load([]byte(c.text), c.o)
		refused(t, c.want[0], err, c.want)
	}
}

// TestMemory loads a file that promises long lists and does not have them.
func TestMemory(t *testing.T) {
	huge := strings.Replace(sample, "num_leaves=3", "num_leaves=2147483647", 2)
	huge = strings.Replace(huge, "num_features=1 0 2", "num_features=2147483647 2147483647 2147483647", 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Load([]byte(huge), modelfile.Options{}); err == nil {
		t.Fatal("not refused")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("%d bytes for a file of %d", took, len(huge))
	}
}

func TestAbout(t *testing.T) {
	m, err := Load([]byte(sample), modelfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := m.About
	if a.Format != "LightGBM text v4" || a.Objective != "binary sigmoid:1" || a.Trees != 2 || a.Leaves != 6 || a.Used != 2 || a.Iterations != 2 {
		t.Errorf("%+v", a)
	}
	if len(a.Features) != 3 || a.Features[2] != "c" || len(a.Parameters) != 2 || a.Parameters[0] != (modelfile.Parameter{Name: "boosting", Value: "gbdt"}) {
		t.Errorf("%+v", a)
	}
	first := modelfile.Usage{Splits: 2, Gain: 2.5, Missing: 1<<ensemble.NaNZero | 1<<ensemble.NaNLeft}
	last := modelfile.Usage{Splits: 1, Gain: 5, Missing: 1 << ensemble.NaNRight, Categorical: 1}
	if len(a.Usage) != 3 || a.Usage[0] != first || a.Usage[2] != last {
		t.Errorf("%+v", a.Usage)
	}
	if m, err = Load([]byte(sample), modelfile.Options{Iterations: 1}); err != nil || m.About.Used != 1 || m.About.Trees != 1 || m.About.Leaves != 3 {
		t.Errorf("%v, %+v", err, m)
	}
}

// TestIterations scores with the first tree only.
func TestIterations(t *testing.T) {
	for n, want := range map[int]float32{1: 1, 2: 1 + 0.1 + 0.5*0.25, 0: 1 + 0.1 + 0.5*0.25} {
		m, err := Load([]byte(sample), modelfile.Options{Output: wire.Raw, Iterations: n})
		if err != nil {
			t.Fatal(err)
		}
		var got [1]float32
		if err := m.NewScorer().Score([]float32{0.25, 0, 2}, 3, got[:]); err != nil || got[0] != want {
			t.Errorf("%d iterations: %v, %v, want %v", n, got, err, want)
		}
	}
}

// TestMemoryOfLargeFiles counts all that loading allocates, garbage too.
func TestMemoryOfLargeFiles(t *testing.T) {
	from, to := strings.Index(sample, "Tree=0"), strings.Index(sample, "end of trees")
	text := sample[:from] + strings.Repeat(sample[from:to], 10000) + sample[to:]
	data := []byte(text)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Load(data, modelfile.Options{}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	most := uint64(3)
	if raceEnabled {
		most++
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > most*uint64(len(data)) {
		t.Errorf("%d bytes for a file of %d", took, len(data))
	}
}
