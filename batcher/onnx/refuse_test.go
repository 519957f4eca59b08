package onnx

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

// refused checks that a file is refused with a sentence that has these words.
func refused(t *testing.T, name string, data []byte, o forest.Options, words []string) {
	t.Helper()
	_, err := Parse(data, o)
	if err == nil {
		t.Errorf("%s is accepted", name)
		return
	}
	s := err.Error()
	if strings.Contains(s, "\n") || strings.Contains(s, "%!") {
		t.Errorf("%s: this is no sentence: %q", name, s)
	}
	for _, w := range words {
		if !strings.Contains(s, w) {
			t.Errorf("%s: %q does not say %q", name, s, w)
		}
	}
}

// TestRefused goes through the models that make.py has spoilt.
func TestRefused(t *testing.T) {
	var words map[string][]string
	if err := json.Unmarshal(goldentest.Read(t, "testdata/refuse/refuse.json"), &words); err != nil {
		t.Fatal(err)
	}
	for name, w := range words {
		refused(t, name, goldentest.Read(t, "testdata/refuse/"+name+".onnx"), forest.Options{}, w)
	}
}

// TestRefusedFolder goes through the ONNX files in $GOLDEN/refuse.
func TestRefusedFolder(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("GOLDEN"), "refuse", "onnx*", "model.onnx"))
	for _, file := range files {
		dir := filepath.Dir(file)
		var about struct {
			Words []string `json:"a_good_sentence_names"`
		}
		if err := json.Unmarshal(goldentest.Read(t, filepath.Join(dir, "about.json")), &about); err != nil {
			t.Fatal(err)
		}
		words := slices.DeleteFunc(about.Words, func(w string) bool { return strings.HasPrefix(w, "the ") || strings.HasPrefix(w, "no ") })
		refused(t, filepath.Base(dir), goldentest.Read(t, file), forest.Options{}, words)
	}
}

func TestRefusedOptions(t *testing.T) {
	scores, labels := goldentest.Model(t, "testdata/onnx_one"), goldentest.Model(t, "testdata/onnx_classes")
	refused(t, "class without labels", scores, forest.Options{Output: wire.Class}, []string{"class", "0 outputs of labels"})
	refused(t, "iterations", labels, forest.Options{Iterations: 3}, []string{"iteration"})
	refused(t, "the best iteration", labels, forest.Options{Iterations: forest.BestIteration}, []string{"iteration"})
}

// Every beginning of a file is refused.
func TestTruncated(t *testing.T) {
	for _, dir := range []string{"testdata/onnx_one", "testdata/onnx_ml5"} {
		good := goldentest.Model(t, dir)
		for n := range good {
			refused(t, dir, good[:n], forest.Options{}, nil)
		}
	}
}

func TestRefusedBytes(t *testing.T) {
	for _, c := range []struct {
		name, data string
		words      []string
	}{
		{"a graph of 2^35 bytes", "\x08\x08\x3a\x80\x80\x80\x80\x80\x01", []string{"the field 7", "length 34359738368", "0 bytes"}},
		{"a graph that is a number", "\x08\x08\x38\x01", []string{"begins"}},
		{"a version that is a text", "\x08\x08\x12\x01a\x0a\x01a", []string{"the field 1", "wire type 2"}},
		{"no graph", "\x08\x08\x12\x01a", []string{"0 graphs"}},
		{"two graphs", "\x08\x08\x3a\x00\x3a\x00", []string{"2 graphs"}},
		{"a group", "\x08\x08\x12\x00\x13", []string{"wire type 3"}},
		{"many small nodes", "\x08\x08\x3a\x80\x80\x10" + strings.Repeat("\x0a\x00", 1<<17), []string{"more than 65535 nodes"}},
		{"many small attributes", "\x08\x08\x3a\x66\x0a\x64" + strings.Repeat("\x2a\x00", 50), []string{"more than 32 attributes"}},
		{"another format", "tree", []string{"LightGBM", "XGBoost", "CatBoost", "nor ONNX", "begins"}},
	} {
		refused(t, c.name, []byte(c.data), forest.Options{}, c.words)
	}
}
