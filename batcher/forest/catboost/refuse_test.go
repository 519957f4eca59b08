package catboost

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

type (
	object = map[string]any
	list   = []any
)

// edits change a model of symmetric trees so that it must be refused, with words of the refusal.
var edits = []struct {
	name string
	edit func(m object)
	want []string
}{
	{"no features", func(m object) { delete(m, "features_info") }, []string{"features_info", "missing"}},
	{"an empty list of features", func(m object) { m["features_info"] = object{"float_features": list{}} }, []string{"no features of numbers"}},
	{"a category", func(m object) {
		m["features_info"].(object)["categorical_features"] = list{object{"feature_id": "city"}}
	}, []string{"categorical_features", "city"}},
	{"text", func(m object) { m["features_info"].(object)["text_features"] = list{object{"feature_id": ""}} }, []string{"text_features", "feature 0"}},
	{"an embedding", func(m object) {
		m["features_info"].(object)["embedding_features"] = list{object{"feature_id": "e"}}
	}, []string{"embedding_features", `"e"`}},
	{"a treatment", func(m object) { firstFeature(m)["nan_value_treatment"] = "AsMaybe" }, []string{"nan_value_treatment", "AsMaybe", "AsTrue"}},
	{"a feature twice", func(m object) { firstFeature(m)["feature_index"] = 1 }, []string{"the index 1 of feature 1", "once"}},
	{"a column twice", func(m object) { firstFeature(m)["flat_feature_index"] = 1 }, []string{"flat index 1", "once"}},
	{"a column too far", func(m object) { firstFeature(m)["flat_feature_index"] = 6 }, []string{"flat index 6", "0 to 5"}},
	{"no trees", func(m object) { delete(m, "oblivious_trees") }, []string{"neither oblivious_trees nor trees"}},
	{"trees of both kinds", func(m object) { m["trees"] = list{} }, []string{"both"}},
	{"no scale", func(m object) { delete(m, "scale_and_bias") }, []string{"scale_and_bias", "missing"}},
	{"an empty scale", func(m object) { m["scale_and_bias"] = list{} }, []string{"a scale and a bias"}},
	{"a scale of three", func(m object) { m["scale_and_bias"] = list{1, list{0}, 2} }, []string{"scale_and_bias", "more than 2"}},
	{"two biases", func(m object) { m["scale_and_bias"] = list{1, list{0, 0}} }, []string{"loss_function", "Logloss", "2 outputs"}},
	{"a feature that is not there", func(m object) { firstSplit(m)["float_feature_index"] = 99 }, []string{"tree 0", "feature 99", "0 to 5"}},
	{"a kind of split", func(m object) { firstSplit(m)["split_type"] = "OnlineCtr" }, []string{"tree 0", "split_type", "OnlineCtr", "FloatFeature"}},
	{"no kind of split", func(m object) { delete(firstSplit(m), "split_type") }, []string{"split_type"}},
	{"no border", func(m object) { delete(firstSplit(m), "border") }, []string{"border", "missing"}},
	{"a border of null", func(m object) { firstSplit(m)["border"] = nil }, []string{"tree 0", "border", "null"}},
	{"a border beyond float32", func(m object) { firstSplit(m)["border"] = 1e60 }, []string{"border", "beyond float32"}},
	{"leaves missing", func(m object) { firstTree(m)["leaf_values"] = list{1, 2, 3, 4, 5, 6, 7} }, []string{"tree 0", "7 leaf values", "8"}},
	{"a leaf of text", func(m object) { firstTree(m)["leaf_values"] = list{"1"} }, []string{"tree 0", "leaf_values", "number"}},
	{"no leaves", func(m object) { delete(firstTree(m), "leaf_values") }, []string{"tree 0", "leaf_values", "missing"}},
	{"a deep tree", func(m object) { firstTree(m)["splits"] = slices.Repeat(list{firstSplit(m)}, 60) }, []string{"tree 0", "60 splits", "16"}},
	{"nested trees without a leaf", func(m object) {
		delete(m, "oblivious_trees")
		m["trees"] = list{object{"split": aSplit(), "left": object{"value": 1}}}
	}, []string{"tree 0", "left and right"}},
	{"a nested leaf with a split", func(m object) {
		delete(m, "oblivious_trees")
		m["trees"] = list{object{"value": 1, "split": aSplit()}}
	}, []string{"tree 0", "value"}},
	{"nested leaves of two widths", func(m object) {
		delete(m, "oblivious_trees")
		m["trees"] = list{object{"split": aSplit(), "left": object{"value": 1}, "right": object{"value": list{1, 2}}}}
	}, []string{"tree 0", "leaf 1 has 2 values", "leaf 0 has 1"}},
	{"nested trees that are too deep", func(m object) {
		delete(m, "oblivious_trees")
		node := object{"value": 1}
		for range 40 {
			node = object{"split": aSplit(), "left": node, "right": object{"value": 1}}
		}
		m["trees"] = list{node}
	}, []string{"tree 0", "depth"}},
}

func firstFeature(m object) object {
	return m["features_info"].(object)["float_features"].(list)[0].(object)
}
func firstTree(m object) object  { return m["oblivious_trees"].(list)[0].(object) }
func firstSplit(m object) object { return firstTree(m)["splits"].(list)[0].(object) }

func aSplit() object {
	return object{"border": 0.5, "float_feature_index": 0, "split_type": "FloatFeature"}
}

func TestRefused(t *testing.T) {
	for _, c := range edits {
		m := decoded(t)
		c.edit(m)
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(data, modelfile.Options{})
		if err == nil {
			t.Errorf("%s: not refused", c.name)
			continue
		}
		for _, word := range c.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v: it does not say %q", c.name, err, word)
			}
		}
	}
}

func decoded(t *testing.T) object {
	t.Helper()
	var m object
	if err := json.Unmarshal(goldentest.Read(t, "testdata/cat_logloss/model.json"), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestCutFile: no beginning of a file is a model.
func TestCutFile(t *testing.T) {
	for _, dir := range []string{"cat_logloss", "cat_lossguide_classes"} {
		data := goldentest.Read(t, filepath.Join("testdata", dir, "model.json"))
		for end := range len(data) {
			if _, err := Load(data[:end], modelfile.Options{}); err == nil {
				t.Fatalf("%s: the first %d bytes are a model", dir, end)
			}
		}
	}
}

// TestLoss: what the loss function decides.
func TestLoss(t *testing.T) {
	const missing = "\x00"
	for _, c := range []struct {
		loss string
		kind wire.Kind
		want []string // words of the refusal; nil: none
	}{
		{"Logloss", wire.Class, nil},
		{"RMSE", wire.Class, []string{"RMSE", "no classes"}},
		{"RMSE", wire.Prob, nil},
		{"Unheard", wire.Prob, []string{"loss_function", "Unheard", "raw"}},
		{"Unheard", wire.Raw, nil},
		{"MultiClass", wire.Prob, []string{"MultiClass", "1 outputs"}},
		{missing, wire.Prob, []string{"loss_function", "missing", "raw"}},
		{missing, wire.Raw, nil},
	} {
		m := decoded(t)
		params := m["model_info"].(object)["params"].(object)
		params["loss_function"] = object{"type": c.loss, "params": object{}}
		if c.loss == missing {
			m["model_info"] = object{"params": "text, as old versions wrote it"}
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(data, modelfile.Options{Output: c.kind})
		if (err == nil) != (c.want == nil) {
			t.Errorf("%q, %v: %v", c.loss, c.kind, err)
		}
		for _, word := range c.want {
			if err != nil && !strings.Contains(err.Error(), word) {
				t.Errorf("%q, %v: %v: it does not say %q", c.loss, c.kind, err, word)
			}
		}
	}
}

// TestIterations takes the first trees only.
func TestIterations(t *testing.T) {
	data := goldentest.Read(t, "testdata/cat_logloss/model.json")
	m, err := Load(data, modelfile.Options{Iterations: 2})
	if err != nil || m.About.Trees != 2 || m.About.Used != 2 || m.About.Iterations != 6 || m.About.Leaves != 16 {
		t.Errorf("%+v, %v", m, err)
	}
	for iterations, word := range map[int]string{7: "6 iterations, not 7", -2: "6 iterations, not -2", modelfile.BestIteration: "best"} {
		if _, err := Load(data, modelfile.Options{Iterations: iterations}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%d iterations: %v", iterations, err)
		}
	}
}

// TestOldBias: before version 1.0 the file had one bias for all outputs.
func TestOldBias(t *testing.T) {
	for dir, bias := range map[string]float64{"cat_logloss": 0.25, "cat_multiclass": 0} {
		var m object
		if err := json.Unmarshal(goldentest.Read(t, filepath.Join("testdata", dir, "model.json")), &m); err != nil {
			t.Fatal(err)
		}
		m["scale_and_bias"] = list{1, bias}
		old, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Load(goldentest.Read(t, filepath.Join("testdata", dir, "model.json")), modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(old, modelfile.Options{})
		if err != nil || again.Shape() != all.Shape() {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestAbout(t *testing.T) {
	m, err := Load(goldentest.Read(t, "testdata/cat_rmse/model.json"), modelfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := &m.About
	if a.Objective != "RMSE" || a.Trees != 6 || a.Leaves != 48 || !slices.Equal(a.Features, []string{"age", "income", "days", "visits", "x 1", "größe"}) {
		t.Errorf("%+v", a)
	}
	splits := 0
	for _, u := range a.Usage {
		splits += u.Splits
	}
	if splits != 6*7 {
		t.Errorf("%d splits in all, want %d", splits, 6*7)
	}
}

// TestClassByRawScores: CatBoost names the class by the raw scores. Probabilities that are rounded
// to the same number do not hide the larger of two.
func TestClassByRawScores(t *testing.T) {
	const file = `{"features_info":{"float_features":[{"feature_index":0,"flat_feature_index":0}]},` +
		`"model_info":{"params":{"loss_function":{"type":"LOSS"}}},"oblivious_trees":[{"leaf_values":[VALUES],"splits":[]}],"scale_and_bias":[1,[BIAS]]}`
	for _, c := range []struct {
		loss, values, bias string
		want               float32
	}{
		{"Logloss", "5.55e-17", "0", 1},
		{"Logloss", "-5.55e-17", "0", 0},
		{"Logloss", "0", "0", 0},
		{"MultiClass", "1,1.0000000000000002,0", "0,0,0", 1},
		{"MultiClassOneVsAll", "40,50", "0,0", 1},
	} {
		data := strings.NewReplacer("LOSS", c.loss, "VALUES", c.values, "BIAS", c.bias).Replace(file)
		m, err := Load([]byte(data), modelfile.Options{Output: wire.Class})
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, 1)
		if err := m.NewScorer().Score([]float32{0}, 1, out); err != nil || out[0] != c.want {
			t.Errorf("%+v: class %v, %v", c, out[0], err)
		}
	}
}
