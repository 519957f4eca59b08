package forest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

const (
	lightgbmModel = "lightgbm/testdata/lgb_multiclass"
	xgboostModel  = "xgboost/testdata/xgb_softmax"
	ubjsonModel   = "xgboost/testdata/xgb203_ubj"
)

func TestRecognised(t *testing.T) {
	for dir, format := range map[string]string{
		"catboost/testdata/cat_rmse": "CatBoost JSON", "catboost/testdata/cat_depthwise": "CatBoost JSON",
		lightgbmModel: "LightGBM text v4", xgboostModel: "XGBoost 3.2.0 JSON", ubjsonModel: "XGBoost 2.0.3 UBJSON",
	} {
		if m := load(t, dir, Options{}); m.About.Format != format {
			t.Errorf("%s: %q", dir, m.About.Format)
		}
	}
}

// TestIdentity: it is the file's SHA-256, and another if only some iterations count.
func TestIdentity(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(lightgbmModel, "model.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := load(t, lightgbmModel, Options{})
	if all.SHA256 != sha256.Sum256(data) || all.Identity != all.SHA256 || all.FileBytes != len(data) {
		t.Errorf("%x, %x, %d bytes", all.SHA256, all.Identity, all.FileBytes)
	}
	if same := load(t, lightgbmModel, Options{Iterations: all.About.Iterations, Output: wire.Raw}); same.Identity != all.SHA256 {
		t.Errorf("%x with all iterations and raw scores", same.Identity)
	}
	if some := load(t, lightgbmModel, Options{Iterations: 2}); some.SHA256 != all.SHA256 || some.Identity != sha256.Sum256(append(data, "\x00iterations=2"...)) {
		t.Errorf("%x with two iterations", some.Identity)
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		dir  string
		o    Options
		want string
	}{
		{lightgbmModel, Options{}, "LightGBM text v4, multiclass num_class:4, 12 trees with 144 leaves"},
		{lightgbmModel, Options{Iterations: 2}, "LightGBM text v4, multiclass num_class:4, 8 trees with 96 leaves, 2 of 3 iterations"},
		{xgboostModel, Options{}, "XGBoost 3.2.0 JSON, multi:softmax, 8 trees with 62 leaves"},
		{"xgboost/testdata/xgb_best", Options{}, "XGBoost 3.2.0 JSON, binary:logistic, 6 trees with 47 leaves, all 6 iterations although the file says that 4 are best"},
		{"xgboost/testdata/xgb_best", Options{Iterations: BestIteration}, "XGBoost 3.2.0 JSON, binary:logistic, 4 trees with 32 leaves, 4 of 6 iterations"},
		{"xgboost/testdata/xgb_linear", Options{}, "XGBoost 3.2.0 UBJSON, binary:logistic, linear"},
	} {
		m := load(t, c.dir, c.o)
		if got, want := m.String(), fmt.Sprintf("%s, SHA-256 %x", c.want, m.SHA256[:6]); got != want {
			t.Errorf("%s %+v: %s", c.dir, c.o, got)
		}
	}
}

// TestStringOfGraph: a graph without trees is named by its stages.
func TestStringOfGraph(t *testing.T) {
	m := load(t, "catboost/testdata/cat_rmse", Options{})
	for want, about := range map[string]About{
		"ONNX of skl2onnx, 0 stages":                   {Format: "ONNX of skl2onnx", Stages: []string{}},
		"ONNX of skl2onnx, 1 stage":                    {Format: "ONNX of skl2onnx", Stages: []string{"a"}},
		"ONNX of skl2onnx, 2 stages":                   {Format: "ONNX of skl2onnx", Stages: []string{"a", "b"}},
		"ONNX of skl2onnx, 100 trees with 3100 leaves": {Format: "ONNX of skl2onnx", Stages: []string{"a", "b"}, Trees: 100, Leaves: 3100},
	} {
		if m.About = about; !strings.HasPrefix(m.String(), want+", SHA-256 ") {
			t.Errorf("%s, not %s", m, want)
		}
	}
}

func TestForeignFilesRefused(t *testing.T) {
	for _, c := range []struct {
		data string
		want []string
	}{
		{"", []string{"empty"}},
		{"hello, world\n", []string{"neither", "LightGBM", "XGBoost", `"hello, world\n"`}},
		{strings.Repeat("\x00", 4096), []string{"neither"}},
		{"\x80\x04\x95\x16\x00", []string{"pickle", "booster.save_model", "skl2onnx.to_onnx"}},
		{"\x78\x9c\x01\x02", []string{"zlib", "joblib", "booster.save_model"}},
		{"\x1f\x8b\x08\x00", []string{"gzip", "decompress"}},
		{"PK\x03\x04\x14", []string{"zip", "PyTorch", "torch.onnx.export"}},
		{"binf\x00\x00\x00\x3f", []string{"binary", "save_model('m.json')", ".ubj"}},
		{"CBM1\x00", []string{"CatBoost", ".cbm", "format='json'"}},
		{`{"oblivious_trees":[]}`, []string{"features_info"}},
		{"\x08\x08\x12\x07onnx", []string{"ONNX", "onnx.Loader", "batcher/onnx"}},
		{"\x93NUMPY\x01", []string{"NumPy", "rows"}},
		{"<!DOCTYPE html>", []string{"HTML"}},
		{"<?xml version='1.0'?>\n<PMML>", []string{"PMML"}},
		{"\xff\xfet\x00r\x00e\x00e\x00", []string{"encoding", "UTF-16"}},
		{"\xef\xbb\xbftree\n", []string{"byte order mark"}},
		{"version https://git-lfs.github.com/spec/v1\n", []string{"git lfs pull"}},
		{"booster[0]:\n0:[f0<1]", []string{"dump", "XGBoost", "save_model"}},
		{`[ { "nodeid": 0, "leaf": 1 } ]`, []string{"dump", "XGBoost", "save_model"}},
		{`{"name":"tree","version":"v4","num_class":1,"num_tree_per_iteration":1}`, []string{"dump", "LightGBM", "save_model"}},
	} {
		_, err := Parse([]byte(c.data), Options{})
		if err == nil {
			t.Errorf("%q is not refused", c.data)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %q does not name %q", c.data, err, w)
			}
		}
	}
}

func TestPathsRefused(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.txt")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "directory", empty: "empty", filepath.Join(dir, "none"): "none", os.DevNull: "regular",
	} {
		if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestHugeFileRefused: a file that is no model is refused by its first bytes. This one has no disk
// and no memory for the rest.
func TestHugeFileRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	if err := os.WriteFile(path, []byte("\x1f\x8b\x08"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<38); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, Options{}); err == nil || !strings.Contains(err.Error(), "gzip") {
		t.Error(err)
	}
}

func load(t testing.TB, dir string, o Options) *Model {
	t.Helper()
	m, err := Parse(goldentest.Model(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestModelForgetsTheFile overwrites the bytes of the file once the model is made.
func TestModelForgetsTheFile(t *testing.T) {
	for _, dir := range []string{lightgbmModel, xgboostModel} {
		data := goldentest.Model(t, dir)
		m, err := Parse(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			data[i] = '#'
		}
		if strings.Contains(m.About.Format+m.About.Objective+strings.Join(m.About.Features, ""), "#") {
			t.Errorf("%s: the model refers to the file: %+v", dir, m.About)
		}
		compare(t, dir, m, "prob.npy")
	}
}

func compare(t *testing.T, dir string, m *Model, file string) {
	t.Helper()
	rows, want := goldentest.ReadArray(t, filepath.Join(dir, "rows.npy")), goldentest.ReadArray(t, filepath.Join(dir, file))
	got := make([]float32, len(want.Data))
	if err := m.Score(got, rows.Data); err != nil {
		t.Error(err)
	}
	goldentest.Compare(t, got, want, 1)
}

func TestManyGoroutines(t *testing.T) {
	m := load(t, lightgbmModel, Options{Output: wire.Raw})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				compare(t, lightgbmModel, m, "raw.npy")
			}
		})
	}
	group.Wait()
}

func TestScoreRefusesOtherSizes(t *testing.T) {
	m := load(t, lightgbmModel, Options{})
	dim, outputs := m.Shape().Dim, m.Shape().Outputs
	for _, c := range []struct{ dst, rows int }{{outputs, dim + 1}, {outputs, dim - 1}, {outputs + 1, dim}, {outputs, 2 * dim}, {0, dim}} {
		if err := m.Score(make([]float32, c.dst), make([]float32, c.rows)); err == nil {
			t.Errorf("%d scores of %d features: no error", c.dst, c.rows)
		}
	}
	if err := m.Score(nil, nil); err != nil {
		t.Error(err)
	}
}

// TestGoldenRefused loads the files below $GOLDEN/refuse, if there is such a folder. Where
// about.json has "either", a loader may also accept the file.
func TestGoldenRefused(t *testing.T) {
	found, _ := filepath.Glob(filepath.Join(os.Getenv("GOLDEN"), "refuse", "*", "model.*"))
	for _, file := range found {
		var about struct{ Either string }
		if err := json.Unmarshal(goldentest.Read(t, filepath.Join(filepath.Dir(file), "about.json")), &about); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file, Options{}); err == nil && about.Either == "" {
			t.Errorf("%s is not refused", file)
		}
	}
}

// FuzzParse gives the bytes of a file to whichever loader takes them.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{lightgbmModel, xgboostModel, ubjsonModel} {
		f.Add(goldentest.Model(f, dir))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Parse(bytes.Clone(data), Options{}); (m == nil) == (err == nil) {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// TestTreeSize: the trees have the leaves that About counts. A linear model has weights instead.
func TestTreeSize(t *testing.T) {
	m := load(t, lightgbmModel, Options{Iterations: 2})
	sum, deepest := 0, 0
	for i := range m.About.Trees {
		leaves, depth := m.TreeSize(i)
		sum, deepest = sum+leaves, max(deepest, depth)
		if depth >= leaves {
			t.Errorf("tree %d of %d leaves is %d deep", i, leaves, depth)
		}
	}
	if sum != m.About.Leaves || m.About.Trees != 8 || deepest < 4 || m.Linear() != nil {
		t.Errorf("%d trees with %d leaves, not %d, and %d deep", m.About.Trees, sum, m.About.Leaves, deepest)
	}
	if l := load(t, "xgboost/testdata/xgb_linear_classes", Options{}).Linear(); l == nil || len(l.Start()) != 4 || l.Weight(1, 0) == l.Weight(0, 1) {
		t.Errorf("%+v", l)
	}
}
