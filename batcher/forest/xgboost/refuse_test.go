package xgboost

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

type object = map[string]any

// edit is a change of a good model, which makes it one to refuse.
type edit struct {
	name string
	do   func(learner, model, tree object) // tree is the second of the model
	want []string                          // words of the refusal
}

func list(o object, key string) []any { return o[key].([]any) }

func set(key string, i int, v any) func(_, _, t object) {
	return func(_, _, t object) { list(t, key)[i] = v }
}

func param(key string, v any) func(l, _, _ object) {
	return func(l, _, _ object) { l["learner_model_param"].(object)[key] = v }
}

func drop(key string) func(_, _, t object) { return func(_, _, t object) { delete(t, key) } }

func short(key string) func(_, _, t object) {
	return func(_, _, t object) { t[key] = list(t, key)[1:] }
}

// The edits of testdata/xgb_logistic: binary:logistic, one output, 12 features.
var edits = []edit{
	{"a cycle", set("left_children", 1, 0), []string{"tree 1, node 1", "left_children", "root"}},
	{"two parents", func(_, _, t object) { list(t, "left_children")[0] = list(t, "right_children")[0] }, []string{"tree 1, node 0", "two parents"}},
	{"a child too high", set("right_children", 0, 4000), []string{"tree 1, node 0", "right_children", "4000"}},
	{"a child too low", set("right_children", 0, -7), []string{"right_children", "-7"}},
	{"one child, left", set("right_children", 0, -1), []string{"right_children", "-1"}},
	{"one child, right", set("left_children", 0, -1), []string{"left_children", "-1", "right_children"}},
	{"a feature too high", set("split_indices", 0, 12), []string{"node 0", "split_indices", "12", "num_feature"}},
	{"a negative feature", set("split_indices", 0, -1), []string{"node 0", "split_indices", "-1"}},
	{"a string as a threshold", set("split_conditions", 0, "0.5"), []string{"tree 1", "split_conditions", "element 0", `"0.5"`, "byte"}},
	{"a threshold beyond float32", set("split_conditions", 0, 1e300), []string{"split_conditions", "element 0", "1e+300"}},
	{"a fraction as a child", set("left_children", 0, 1.5), []string{"left_children", "element 0", "1.5"}},
	{"a child beyond 32 bits", set("left_children", 0, 1e15), []string{"left_children", "element 0", "1000000000000000"}},
	{"a flag that is none", set("default_left", 0, 2), []string{"default_left", "element 0", "2"}},
	{"null as a threshold", set("split_conditions", 0, nil), []string{"split_conditions", "null"}},
	{"a leaf beyond float32 by its weight", func(l, m, t object) {
		l["gradient_booster"] = object{"name": "dart", "gbtree": object{"model": m}, "weight_drop": slices.Repeat([]any{1e30}, len(list(m, "trees")))}
		list(t, "split_conditions")[len(list(t, "split_conditions"))-1] = 1e30
	}, []string{"tree 1, node", "split_conditions", "leaf", "+Inf"}},
	{"no list", drop("split_indices"), []string{"tree 1", "split_indices is missing"}},
	{"a short list", short("default_left"), []string{"tree 1", "default_left", "left_children"}},
	{"a short list of children", short("right_children"), []string{"tree 1", "right_children", "left_children"}},
	{"a short list that may be missing", short("split_type"), []string{"tree 1", "split_type"}},
	{"a tree without nodes", func(_, _, t object) {
		for k, v := range t {
			if _, ok := v.([]any); ok {
				t[k] = []any{}
			}
		}
	}, []string{"tree 1", "left_children is empty"}},
	{"a number of nodes", func(_, _, t object) { t["tree_param"].(object)["num_nodes"] = "2000000000" }, []string{"tree 1", "num_nodes", "2000000000"}},
	{"vector leaves", func(_, _, t object) { t["tree_param"].(object)["size_leaf_vector"] = "3" }, []string{"tree 1", "size_leaf_vector", "3", "multi_strategy"}},
	{"a categorical split without categories", set("split_type", 0, 1), []string{"tree 1, node 0", "split_type", "categories_nodes"}},
	{"categories of a numerical split", func(_, _, t object) {
		t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{0}, []any{0}, []any{0}
	}, []string{"node 0", "split_type", "categories_nodes"}},
	{"categories that are not there", func(_, _, t object) {
		list(t, "split_type")[0] = 1
		t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{0}, []any{0}, []any{3}
	}, []string{"node 0", "categories 0 to 3"}},
	{"categories from -1 on", func(_, _, t object) {
		list(t, "split_type")[0] = 1
		t["categories"], t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{1}, []any{0}, []any{-1}, []any{1}
	}, []string{"node 0", "categories -1 to 0"}},
	{"fewer than no categories", func(_, _, t object) {
		list(t, "split_type")[0] = 1
		t["categories"], t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{1}, []any{0}, []any{1}, []any{-1}
	}, []string{"node 0", "categories 1 to 0"}},
	{"a negative category", func(_, _, t object) {
		list(t, "split_type")[0] = 1
		t["categories"], t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{-1}, []any{0}, []any{0}, []any{1}
	}, []string{"categories", "-1"}},
	{"a category too high", func(_, _, t object) {
		list(t, "split_type")[0] = 1
		t["categories"], t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{1 << 24}, []any{0}, []any{0}, []any{1}
	}, []string{"categories", "16777216"}},
	{"categories of a node that is not there", func(_, _, t object) {
		t["categories_nodes"], t["categories_segments"], t["categories_sizes"] = []any{400}, []any{0}, []any{0}
	}, []string{"categories_nodes", "400"}},
	{"lists of categories of two lengths", func(_, _, t object) { t["categories_nodes"] = []any{0} }, []string{"categories_nodes", "categories_segments"}},

	{"too many features", param("num_feature", "4294967295"), []string{"num_feature", "4294967295"}},
	{"no features", param("num_feature", "0"), []string{"num_feature", `"0"`}},
	{"features that are no number", param("num_feature", "twelve"), []string{"num_feature", "twelve"}},
	{"too many classes", param("num_class", "1000000000"), []string{"num_class", "1000000000"}},
	{"classes and targets", func(l, _, _ object) {
		p := l["learner_model_param"].(object)
		p["num_class"], p["num_target"] = "2", "2"
	}, []string{"num_class", "num_target"}},
	{"a base score above 1", param("base_score", "[1.5E0]"), []string{"base_score", "1.5", "binary:logistic"}},
	{"a negative base score", func(l, _, _ object) {
		l["learner_model_param"].(object)["base_score"] = "-1E-9"
		l["objective"].(object)["name"] = "count:poisson"
	}, []string{"base_score", "-1e-09", "count:poisson"}},
	{"three base scores", param("base_score", "[5E-1,5E-1,5E-1]"), []string{"base_score", "3", "1"}},
	{"no base score", param("base_score", "[]"), []string{"base_score", "0 values"}},
	{"a base score in words", param("base_score", "half"), []string{"base_score", "half"}},
	{"a base score with something behind it", param("base_score", "[5E-1]]"), []string{"base_score", "[5E-1]]"}},
	{"an infinite base score", param("base_score", "Infinity"), []string{"base_score", "finite"}},
	{"a base score that is no string", param("base_score", 0.5), []string{"base_score", "0.5"}},
	{"parameters without one", func(l, _, _ object) { delete(l["learner_model_param"].(object), "num_class") }, []string{"num_class", "missing"}},
	{"names of another number", func(l, _, _ object) { l["feature_names"] = []any{"a", "b"} }, []string{"feature_names", "2", "12"}},

	{"names without end", func(l, _, _ object) { l["feature_names"] = slices.Repeat([]any{""}, 65536) }, []string{"feature_names", "65535"}},
	{"parameters without end", func(l, _, _ object) {
		many := object{}
		for i := range 1001 {
			many[strconv.Itoa(i)] = ""
		}
		l["objective"].(object)["my_param"] = many
	}, []string{"more than 1000"}},
	{"a best iteration that is no string", func(l, _, _ object) { l["attributes"] = object{"best_iteration": 3} }, []string{"best_iteration", "3", "a string"}},

	{"an output that is not there", func(_, m, _ object) { list(m, "tree_info")[1] = 5 }, []string{"tree_info", "element 1", "5"}},
	{"a short list of outputs", func(_, m, _ object) { m["tree_info"] = list(m, "tree_info")[1:] }, []string{"tree_info", "trees"}},
	{"no trees", func(_, m, _ object) { delete(m, "trees") }, []string{"trees", "missing"}},
	{"another number of trees", func(_, m, _ object) { m["trees"] = list(m, "trees")[1:] }, []string{"num_trees", "trees"}},
	{"iterations that end early", func(_, m, _ object) { m["iteration_indptr"] = []any{0, 1} }, []string{"iteration_indptr", "trees"}},
	{"iterations that go back", func(_, m, _ object) { list(m, "iteration_indptr")[1] = 99 }, []string{"iteration_indptr", "element 2"}},
	{"no iterations", func(_, m, _ object) { m["iteration_indptr"] = []any{} }, []string{"iteration_indptr"}},
	{"a category encoder", func(l, m, _ object) {
		none := object{"offsets": []any{}, "values": []any{}}
		l["feature_names"] = []any{"a", "b", "city", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
		m["cats"] = object{"enc": []any{none, none, object{"offsets": []any{0, 4}, "values": []any{76, 105, 109, 97}}}}
	}, []string{"cats", "feature 2 (city)"}},
	{"an unknown objective", func(l, _, _ object) { l["objective"].(object)["name"] = "reg:my_loss" }, []string{"objective", "reg:my_loss", "reg:squarederror"}},
	{"an unknown booster", func(l, _, _ object) { l["gradient_booster"].(object)["name"] = "gbforest" }, []string{"gradient_booster", "gbforest", "dart"}},
	{"trees under gblinear", func(l, _, _ object) { l["gradient_booster"].(object)["name"] = "gblinear" }, []string{"weights", "13"}},
	{"dart without weights", func(l, _, _ object) { l["gradient_booster"].(object)["name"] = "dart" }, []string{"weight_drop"}},
	{"a weight of a linear model that is too large", func(l, _, _ object) {
		l["gradient_booster"] = object{"name": "gblinear", "model": object{"weights": slices.Repeat([]any{1e39}, 13)}}
	}, []string{"weights", "element 0", "1e+39"}},
	{"too few weights of a linear model", func(l, _, _ object) {
		l["gradient_booster"] = object{"name": "gblinear", "model": object{"weights": []any{1}}}
	}, []string{"weights", "1 elements", "13"}},
	{"no model", func(l, _, _ object) { delete(l["gradient_booster"].(object), "model") }, []string{"gradient_booster", "model is missing"}},
	{"no objective", func(l, _, _ object) { delete(l, "objective") }, []string{"objective", "missing"}},
	{"a list where an object belongs", func(l, _, _ object) { l["objective"] = []any{} }, []string{"objective", "an array", "an object"}},
}

func TestRefused(t *testing.T) {
	good := goldentest.Model(t, "testdata/xgb_logistic")
	for _, e := range edits {
		var j object
		if err := json.Unmarshal(good, &j); err != nil {
			t.Fatal(err)
		}
		learner := j["learner"].(object)
		model := learner["gradient_booster"].(object)["model"].(object)
		e.do(learner, model, list(model, "trees")[1].(object))
		data, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, e.name, data, e.want)
	}
}

// refused checks that a model is refused with a sentence that has the words.
func refused(t *testing.T, name string, data []byte, words []string) {
	t.Helper()
	m, err := Load(data, modelfile.Options{})
	if err == nil {
		t.Errorf("%s is accepted: %+v", name, m.About)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q does not have %q", name, err, w)
		}
	}
	if strings.ContainsAny(err.Error(), "\n") || len(err.Error()) > 600 {
		t.Errorf("%s: this is no sentence: %q", name, err)
	}
}

// linear is a model of one feature.
const linear = `{"learner":{"gradient_booster":{"model":{"weights":[1,2]},"name":"gblinear"},
	"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"1"},"objective":{"name":"reg:squarederror"}},"version":[1,6,0]}`

func TestRefusedBytes(t *testing.T) {
	good := goldentest.Model(t, "testdata/xgb_logistic")
	replace := func(old, with string) []byte { return bytes.Replace(good, []byte(old), []byte(with), 1) }
	ubj := func(tail string, n int64) []byte {
		b := binary.BigEndian.AppendUint64([]byte("{L"), 7)
		return binary.BigEndian.AppendUint64(append(b, "learner"+tail...), uint64(n))
	}
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"nothing", nil, []string{"ends early", "byte 0"}},
		{"text", []byte("hello"), []string{"byte 0"}},
		{"zeros", make([]byte, 4096), []string{"byte 0"}},
		{"a dump", []byte(`[{"nodeid": 0, "leaf": 1}]`), []string{"dump_model", "save_model"}},
		{"a snapshot", []byte(`{"Config":{},"Model":{}}`), []string{"snapshot", "save_model"}},
		{"another object", []byte(`{"oblivious_trees":[]}`), []string{"learner", "missing"}},
		{"nested arrays", []byte(`{"learner":` + strings.Repeat("[", 100000)), []string{"learner", "depth"}},
		{"nested arrays that are skipped", []byte(`{"a":` + strings.Repeat("[", 100000)), []string{"depth"}},
		{"NaN as a threshold", replace(`"split_conditions":[`, `"split_conditions":[NaN,`), []string{"split_conditions"}},
		{"NaN as a weight", []byte(strings.Replace(linear, `"weights":[`, `"weights":[NaN,`, 1)), []string{"weights"}},
		{"an infinite weight", []byte(strings.Replace(linear, `"weights":[1`, `"weights":[-Infinity`, 1)), []string{"weights", "element 0", "-Inf"}},
		{"a version of one number", replace(`"version":[3,2,0]`, `"version":[3]`), []string{"version"}},
		{"a key twice", replace(`"default_left":`, `"default_left":[0],"default_left":`), []string{"tree 0", "default_left", "twice"}},
		{"a tail", append(slices.Clone(good), '}'), []string{"follows"}},
		{"an array of 2^60", ubj("[$d#L", 1<<60), []string{"count", "1152921504606846976", "0 bytes left"}},
		{"a count of -5", ubj("[$d#L", -5), []string{"count", "-5"}},
		{"a key of 2^62 bytes", append(binary.BigEndian.AppendUint64([]byte("{L"), 1<<62), "learner"...), []string{"length", "4611686018427387904"}},
	} {
		refused(t, c.name, c.data, c.want)
	}
}

// Every beginning of a file ends early.
func TestTruncated(t *testing.T) {
	for _, dir := range []string{"testdata/xgb_logistic", "testdata/xgb203_ubj"} {
		good := goldentest.Model(t, dir)
		for n := 1; n < len(good); n += 7 {
			refused(t, dir, good[:n], []string{"byte"})
		}
	}
}

// TestRefusedFolder goes through the JSON and UBJSON in the folders of $GOLDEN/refuse.
func TestRefusedFolder(t *testing.T) {
	root := os.Getenv("GOLDEN")
	if root == "" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(root, "refuse", "xgb*", "model.*j*"))
	for _, file := range files {
		dir := filepath.Dir(file)
		var about struct {
			Words []string `json:"a_good_sentence_names"`
		}
		if err := json.Unmarshal(goldentest.Read(t, filepath.Join(dir, "about.json")), &about); err != nil {
			t.Fatal(err)
		}
		words := slices.DeleteFunc(about.Words, func(w string) bool { return strings.HasPrefix(w, "the ") })
		refused(t, filepath.Base(dir), goldentest.Model(t, dir), words)
	}
}

func TestIterationsRefused(t *testing.T) {
	for _, c := range []struct {
		dir  string
		n    int
		want string
	}{
		{"xgb_logistic", modelfile.BestIteration, "best_iteration"},
		{"xgb_logistic", 1000, "1000"},
		{"xgb_logistic", -2, "-2"},
		{"xgb133_softprob", 2, "num_parallel_tree"},
		{"xgb_linear", 1, "gblinear"},
	} {
		_, err := Load(goldentest.Model(t, "testdata/"+c.dir), modelfile.Options{Iterations: c.n})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, iterations %d: %v", c.dir, c.n, err)
		}
	}
}

func TestClassesRefused(t *testing.T) {
	for dir, want := range map[string]string{"xgb203_ubj": "reg:gamma", "xgb_labels": "3 labels"} {
		_, err := Load(goldentest.Model(t, "testdata/"+dir), modelfile.Options{Output: wire.Class})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
