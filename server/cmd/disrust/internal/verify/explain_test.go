package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/wire"
)

// edit changes one number of a tree in LightGBM's text.
func edit(t *testing.T, text, key string, tree, at int, change func(string) string) string {
	t.Helper()
	head, rest, found := strings.Cut(text, fmt.Sprintf("Tree=%d\n", tree))
	before, line, alsoFound := strings.Cut(rest, "\n"+key+"=")
	line, after, _ := strings.Cut(line, "\n")
	numbers := strings.Fields(line)
	if !found || !alsoFound || at >= len(numbers) {
		t.Fatalf("no %s %d in tree %d", key, at, tree)
	}
	numbers[at] = change(numbers[at])
	return fmt.Sprintf("%sTree=%d\n%s\n%s=%s\n%s", head, tree, before, key, strings.Join(numbers, " "), after)
}

// scored returns the scores of a model for the rows in a folder, and how many of them there are
// per row.
func scored(t *testing.T, model []byte, folder string, output wire.Kind) (scores []float32, outputs int) {
	t.Helper()
	m, err := forest.Parse(model, forest.Options{Output: output})
	if err != nil {
		t.Fatal(err)
	}
	rows, dim := read(t, filepath.Join(folder, "rows.npy"))
	outputs = m.Shape().Outputs
	scores = make([]float32, len(rows)/dim*outputs)
	if err := m.Score(scores, rows); err != nil {
		t.Fatal(err)
	}
	return scores, outputs
}

// told is what the command says of the first row that differs.
type told struct {
	Row         int
	Explanation explained
}

type explained struct {
	Explains string
	Others   int `json:"other_trees"`
	Tree     int
	Path     []struct {
		Number, Feature     int
		Name, Test, Missing string
		Threshold           any // a number, or a string such as +Inf
		Left                bool
	}
	Parts      int `json:"parts_at"`
	Leaf       arrived
	Other      arrived `json:"other_leaf"`
	Iterations int     `json:"as_with_iterations"`
	Output     string  `json:"as_with_output"`
}

type arrived struct {
	Number int
	Value  float64
}

// tell compares a model with the scores of another, and says whether they differ.
func tell(t *testing.T, model, folder, output string, expect []float32, outputs int) (told, bool) {
	t.Helper()
	stdout, stderr, status := run(t, model, "--rows", filepath.Join(folder, "rows.npy"), "--expect", array(t, expect, outputs), "--output", output, "--json")
	var got struct {
		First *told `json:"first_different_row"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || stderr != "" || status != 0 && status != 1 || (status == 1) != (got.First != nil) {
		t.Fatalf("status %d, %v, %q, %q", status, err, stdout, stderr)
	}
	if got.First == nil {
		return told{}, false
	}
	return *got.First, true
}

// TestOtherSplits edits one split after the other of models. The tree of each edit that any row
// notices is named, and the node, or one that leads to a leaf of about the
// same value.
func TestOtherSplits(t *testing.T) {
	const tiny = 1e-9 // no float32 score shows it
	edits := map[string]func(string) string{
		"threshold":     func(string) string { return "0.0625" },
		"decision_type": func(s string) string { n, _ := strconv.Atoi(s); return strconv.Itoa(n ^ 2) },
	}
	noticed := map[string]int{}
	for _, name := range []string{"lgb_binary", "lgb_multiclass", "lgb_linear", "lgb_rf"} {
		folder, model := golden(t, name)
		data := content(t, model)
		for tree, given := range recorded(t, data).Trees {
			for node := range given.Nodes {
				for key, change := range edits {
					if key == "threshold" && given.Nodes[node].Test == ensemble.In {
						continue // the number of a set
					}
					other := []byte(edit(t, string(data), key, tree, node, change))
					scores, outputs := scored(t, other, folder, wire.Raw)
					f, differs := tell(t, model, folder, "raw", scores, outputs)
					if !differs {
						continue
					}
					noticed[key]++
					e := &f.Explanation
					if e.Explains != "split" || e.Tree != tree ||
						e.Path[e.Parts].Number != node && math.Abs(e.Other.Value-arrival(t, other, folder, tree, f.Row)) > tiny {
						t.Errorf("%s, tree %d, node %d, %s: %+v", name, tree, node, key, e)
					}
				}
			}
		}
	}
	if noticed["threshold"] < 50 || noticed["decision_type"] < 50 {
		t.Errorf("%v edits were noticed", noticed)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func recorded(t *testing.T, model []byte) *ensemble.Record {
	t.Helper()
	var r ensemble.Record
	if _, err := forest.Parse(model, forest.Options{Record: &r}); err != nil {
		t.Fatal(err)
	}
	return &r
}

// arrival returns the value of the leaf where a row arrives.
func arrival(t *testing.T, model []byte, folder string, tree, row int) float64 {
	t.Helper()
	rows, dim := read(t, filepath.Join(folder, "rows.npy"))
	r := recorded(t, model)
	features := rows[row*dim : (row+1)*dim]
	_, leaf := r.Path(nil, tree, features)
	return r.Value(tree, leaf, features)
}

// TestXGBoostNodes edits one node after the other of models of XGBoost. The numbers are those of
// the file, where nodes and leaves are numbered together.
func TestXGBoostNodes(t *testing.T) {
	noticed := 0
	for _, name := range []string{"xgb_pruned", "xgb_logistic"} {
		folder, model := golden(t, name)
		for tree, size := range sizes(t, model) {
			for node := range size {
				for key, value := range map[string]any{"split_conditions": 0.0625, "default_left": true} {
					other := editJSON(t, model, tree, node, key, value)
					if other == nil {
						continue // a leaf, or nothing that changes
					}
					scores, outputs := scored(t, other, folder, wire.Raw)
					f, differs := tell(t, model, folder, "raw", scores, outputs)
					if !differs {
						continue
					}
					noticed++
					if e := &f.Explanation; e.Explains != "split" || e.Tree != tree || e.Path[e.Parts].Number != node {
						t.Errorf("%s, tree %d, node %d, %s: %+v", name, tree, node, key, e)
					}
				}
			}
		}
	}
	if noticed < 50 {
		t.Errorf("%d edits were noticed", noticed)
	}
}

// trees returns XGBoost's JSON, and the trees in it.
func trees(t *testing.T, model string) (document any, trees []map[string]any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(content(t, model)))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	at := document
	for _, key := range []string{"learner", "gradient_booster", "model", "trees"} {
		at = at.(map[string]any)[key]
	}
	for _, tree := range at.([]any) {
		trees = append(trees, tree.(map[string]any))
	}
	return document, trees
}

// sizes returns how many nodes and leaves each tree has.
func sizes(t *testing.T, model string) (sizes []int) {
	t.Helper()
	_, all := trees(t, model)
	for _, tree := range all {
		sizes = append(sizes, len(tree["left_children"].([]any)))
	}
	return sizes
}

// editJSON returns XGBoost's JSON with another value for a node. It returns nil if the node is a
// leaf or has the value already.
func editJSON(t *testing.T, model string, tree, node int, key string, value any) []byte {
	t.Helper()
	document, all := trees(t, model)
	if all[tree]["left_children"].([]any)[node] == json.Number("-1") {
		return nil
	}
	list := all[tree][key].([]any)
	if value == true {
		if list[node] == json.Number("1") {
			return nil
		}
		value = 1
	}
	list[node] = value
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHints: scores of fewer iterations, or of another output, are recognised.
func TestHints(t *testing.T) {
	folder, model := golden(t, "lgb_multiclass")
	data := content(t, model)
	few, err := forest.Parse(data, forest.Options{Output: wire.Raw, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	rows, dim := read(t, filepath.Join(folder, "rows.npy"))
	scores := make([]float32, len(rows)/dim*few.Shape().Outputs)
	if err := few.Score(scores, rows); err != nil {
		t.Fatal(err)
	}
	if f, _ := tell(t, model, folder, "raw", scores, few.Shape().Outputs); f.Explanation.Iterations != 2 {
		t.Errorf("the scores of two iterations: %+v", f.Explanation)
	}
	for output, kind := range map[string]wire.Kind{"raw": wire.Prob, "prob": wire.Raw} {
		scores, outputs := scored(t, data, folder, kind)
		if f, _ := tell(t, model, folder, output, scores, outputs); f.Explanation.Output != kind.String() {
			t.Errorf("the scores of %v for %s: %+v", kind, output, f.Explanation)
		}
	}
}
