package xgboost

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// types are the marks of the elements of the lists that XGBoost writes with a type. Lists of
// whole numbers that are not here have the type l.
var types = map[string]byte{
	"split_conditions": 'd', "loss_changes": 'd', "base_weights": 'd', "sum_hessian": 'd', "weights": 'd', "weight_drop": 'd',
	"default_left": 'U', "split_type": 'U', "categories_segments": 'L', "categories_sizes": 'L', "version": 0,
}

// toUBJSON appends a value as XGBoost writes it under the key.
func toUBJSON(b []byte, key string, v any) []byte {
	text := func(s string) {
		b = append(binary.BigEndian.AppendUint64(append(b, 'L'), uint64(len(s))), s...)
	}
	switch v := v.(type) {
	case bool:
		if v {
			return append(b, 'T')
		}
		return append(b, 'F')
	case string:
		b = append(b, 'S')
		text(v)
		return b
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'L'), uint64(int64(v)))
	case object:
		b = append(b, '{')
		for _, k := range slices.Sorted(maps.Keys(v)) {
			text(k)
			b = toUBJSON(b, k, v[k])
		}
		return append(b, '}')
	}
	elements := v.([]any)
	mark, known := types[key]
	if !known {
		mark = 'l'
	}
	for _, e := range elements {
		if _, ok := e.(float64); !ok {
			mark = 0
		}
	}
	b = append(b, '[')
	if mark != 0 {
		b = append(b, '$', mark)
	}
	b = binary.BigEndian.AppendUint64(append(b, "#L"...), uint64(len(elements)))
	for _, e := range elements {
		x, _ := e.(float64)
		switch mark {
		case 0:
			b = toUBJSON(b, "", e)
		case 'U':
			b = append(b, byte(x))
		case 'l':
			b = binary.BigEndian.AppendUint32(b, uint32(int32(x)))
		case 'L':
			b = binary.BigEndian.AppendUint64(b, uint64(int64(x)))
		case 'd':
			b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}
	}
	return b
}

// A model has the same scores in both formats.
func TestBothFormats(t *testing.T) {
	for _, dir := range []string{"xgb_linear_classes", "xgb_quantiles", "xgb176_dart", "xgb133_softprob", "xgb_best", "xgb_onehot"} {
		data := goldentest.Model(t, "testdata/"+dir)
		var j any
		if err := json.Unmarshal(data, &j); err != nil {
			t.Fatal(err)
		}
		rows := goldentest.ReadArray(t, "testdata/"+dir+"/rows.npy")
		var both [2][]float32
		var about [2]modelfile.About
		for i, d := range [][]byte{data, toUBJSON(nil, "", j)} {
			m, err := Load(d, modelfile.Options{Output: wire.Raw})
			if err != nil {
				t.Fatal(dir, err)
			}
			about[i] = m.About
			both[i] = scores(t, m, rows)
		}
		if !slices.Equal(both[0], both[1]) {
			t.Errorf("%s: other scores in UBJSON", dir)
		}
		if a, b := about[0], about[1]; a.Trees != b.Trees || a.Leaves != b.Leaves || !slices.Equal(a.Usage, b.Usage) || !slices.Equal(a.Features, b.Features) {
			t.Errorf("%s: %+v, but in UBJSON %+v", dir, a, b)
		}
	}
}

// large returns a model with the trees of another one repeated.
func large(t *testing.T, dir string, times int) object {
	var j object
	if err := json.Unmarshal(goldentest.Model(t, dir), &j); err != nil {
		t.Fatal(err)
	}
	model := j["learner"].(object)["gradient_booster"].(object)["model"].(object)
	delete(model, "iteration_indptr")
	trees := list(model, "trees")
	n := len(trees) * times
	model["trees"] = slices.Repeat(trees, times)
	model["tree_info"] = slices.Repeat(list(model, "tree_info"), times)
	model["gbtree_model_param"].(object)["num_trees"] = strconv.Itoa(n)
	return j
}

// Loading takes memory of three times the file's size or less, all allocations together.
func TestMemory(t *testing.T) {
	j := large(t, "testdata/xgb_logistic", 1000)
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{text, toUBJSON(nil, "", j)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := Load(data, modelfile.Options{})
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d trees, %d bytes, %d allocated", m.About.Format, m.About.Trees, len(data), allocated)
		if allocated > 3*uint64(len(data)) {
			t.Errorf("%s: loading %d bytes allocated %d", m.About.Format, len(data), allocated)
		}
	}
}

// A few bytes of a file ask for a set of 2 MiB. A file of many is refused.
func TestLargeSets(t *testing.T) {
	j := large(t, "testdata/xgb_logistic", 10)
	trees := list(j["learner"].(object)["gradient_booster"].(object)["model"].(object), "trees")
	for _, v := range trees[:4] {
		v := v.(object)
		list(v, "split_type")[0] = 1
		v["categories"], v["categories_nodes"], v["categories_segments"], v["categories_sizes"] = []any{maxCategory}, []any{0}, []any{0}, []any{1}
	}
	data, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "40 sets up to the largest category", data, []string{"node 0", "sets", "16777215", "too large"})
}

// Whatever is repeated a million times in a file, what is allocated is a multiple of the file.
func TestHostileMemory(t *testing.T) {
	most := uint64(16)
	if raceEnabled {
		most += 2
	}
	for path, element := range map[string]string{
		`{"a":[`:                                                                  `{}`,
		`{"learner":{"feature_names":[`:                                           `""`,
		`{"learner":{"attributes":{"a":[`:                                         `[]`,
		`{"learner":{"objective":{"a":{"b":[`:                                     `""`,
		`{"version":[`:                                                            `0`,
		`{"learner":{"gradient_booster":{"weight_drop":[`:                         `0`,
		`{"learner":{"gradient_booster":{"model":{"weights":[`:                    `0`,
		`{"learner":{"gradient_booster":{"model":{"tree_info":[`:                  `0`,
		`{"learner":{"gradient_booster":{"model":{"iteration_indptr":[`:           `0`,
		`{"learner":{"gradient_booster":{"model":{"cats":{"enc":[`:                `{}`,
		`{"learner":{"gradient_booster":{"model":{"cats":{"enc":[{"values":[`:     `0`,
		`{"learner":{"gradient_booster":{"model":{"trees":[{"default_left":[`:     `0`,
		`{"learner":{"gradient_booster":{"model":{"trees":[{"categories":[`:       `0`,
		`{"learner":{"gradient_booster":{"model":{"trees":[{"split_conditions":[`: `0`,
		`{"learner":{"gradient_booster":{"model":{"trees":[{"left_children":[`:    `0`,
		`{"learner":{"gradient_booster":{"model":{"gbtree_model_param":{"a":[`:    `""`,
	} {
		data := []byte(path + strings.Repeat(element+",", 1<<20))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Load(data, modelfile.Options{})
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; err == nil || allocated > most*uint64(len(data)) {
			t.Errorf("%s: %d bytes allocated for %d, %v", path, allocated, len(data), err)
		}
	}
}
