package catboost

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// allowed returns how often the file's size may be allocated. Under the race detector slices grow
// into more.
func allowed(times uint64, data []byte) uint64 {
	if raceEnabled {
		times *= 2
	}
	return times * uint64(len(data))
}

// TestMemory: loading an ordinary file takes memory of six times its size or less, all allocations
// together; one of trees that are not symmetric, which have marks, eight times; and one of deep trees, of
// which many leaves are 0, twelve times.
func TestMemory(t *testing.T) {
	for dir, most := range map[string]uint64{"cat_depth_10": 12, "cat_multiclass": 6, "cat_lossguide": 8} {
		var m object
		if err := json.Unmarshal(goldentest.Read(t, filepath.Join("testdata", dir, "model.json")), &m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"oblivious_trees", "trees"} {
			if trees, ok := m[key].(list); ok {
				m[key] = slices.Repeat(trees, 50)
			}
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if allocated, err := allocatedFor(data); err != nil || allocated > allowed(most, data) {
			t.Errorf("%s: loading %d bytes allocated %d, %v", dir, len(data), allocated, err)
		}
	}
}

// TestHostileMemory: whatever is repeated many times in a file, what is allocated is a multiple
// of the file. A leaf takes two bytes of the file at least.
func TestHostileMemory(t *testing.T) {
	const most = 64
	for path, element := range map[string]string{
		`{"features_info":{"float_features":[`:          `{"feature_index":0,"flat_feature_index":0}`,
		`{"features_info":{"categorical_features":[`:    `{}`,
		`{"features_info":{"float_features":[{"a":[`:    `0`,
		`{"model_info":{"params":{"flat_params":{"a":[`: `0`,
		`{"scale_and_bias":[1,[`:                        `0`,
		`{"oblivious_trees":[`:                          `{"leaf_values":[]}`,
		`{"oblivious_trees":[{"leaf_values":[`:          `0`,
		`{"oblivious_trees":[{"splits":[`:               `{"split_type":"FloatFeature","border":0}`,
		`{"trees":[`:                                    `{"value":0}`,
		`{"trees":[{"value":[`:                          `0`,
	} {
		data := []byte(path + strings.Repeat(element+",", 1<<18))
		if allocated, err := allocatedFor(data); err == nil || allocated > allowed(most, data) {
			t.Errorf("%s: %d bytes allocated for %d, %v", path, allocated, len(data), err)
		}
	}
	leaves := strings.TrimSuffix(strings.Repeat("0,", 1<<16), ",")
	splits := strings.TrimSuffix(strings.Repeat(`{"split_type":"FloatFeature","border":0,"float_feature_index":0},`, 16), ",")
	trees := strings.TrimSuffix(strings.Repeat(`{"leaf_values":[`+leaves+`],"splits":[`+splits+`]},`, 16), ",")
	data := []byte(`{"features_info":{"float_features":[{"feature_index":0,"flat_feature_index":0}]},"model_info":{"params":{"loss_function":` +
		`{"type":"RMSE"}}},"oblivious_trees":[` + trees + `],"scale_and_bias":[1,[0]]}`)
	if allocated, err := allocatedFor(data); err != nil || allocated > allowed(most, data) {
		t.Errorf("leaves of two bytes: %d bytes allocated for %d, %v", allocated, len(data), err)
	}
}

// allocatedFor returns what loading allocates, all together.
func allocatedFor(data []byte) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Load(data, modelfile.Options{})
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}
