//go:build linux

package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// The folders of models with what their libraries answer for them.
const (
	lightgbmModels = "../../../batcher/forest/lightgbm/testdata"
	xgboostModels  = "../../../batcher/forest/xgboost/testdata"
	catboostModels = "../../../batcher/forest/catboost/testdata"
	onnxModels     = "../../../batcher/onnx/testdata"
)

// served is a model that a daemon serves.
type served struct {
	dir    string // rows, and what the library answers
	model  string // file
	output string // of the model, and the name of the file with the library's answers
	flags  []string
}

// TestServed: callers of the Go client and users of the command-line client get what the
// training library answers. Some models are served in every way, and the others, with those of
// $GOLDEN, in one way each.
func TestServed(t *testing.T) {
	tool, err := builtClient()
	rawtest.Check(t, err)
	for _, s := range append(oneWayEach(t), everyWay(t)...) {
		name := strings.Join(append([]string{filepath.Base(s.dir), filepath.Ext(s.model), s.output}, s.flags...), " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goldentest.NameIfFailed(t, s.dir)
			s.check(t, tool)
		})
	}
}

// oneWayEach serves the margins of every model, and takes turns at the placements and at CatBoost's
// formats.
func oneWayEach(t *testing.T) (all []served) {
	for _, of := range []struct{ testdata, pattern string }{
		{lightgbmModels, "lgb*"}, {xgboostModels, "xgb*"}, {catboostModels, "cat*"}, {onnxModels, "onnx*"}, {onnxModels, "bound_*"},
	} {
		for _, dir := range goldentest.FoldersOf(t, of.testdata, of.pattern) {
			model := goldentest.ModelFile(t, dir)
			if binary := filepath.Join(dir, "trained.cbm"); len(all)/len(everyPlacement)%2 == 0 && exists(binary) {
				model = binary
			}
			all = append(all, served{dir, model, "raw", everyPlacement[len(all)%len(everyPlacement)]})
		}
	}
	return all
}

// everyWay serves several classes, a random forest, linear trees and an ONNX graph.
func everyWay(t *testing.T) (all []served) {
	for _, dir := range []string{xgboostModels + "/xgb_softprob_forest", lightgbmModels + "/lgb_rf", lightgbmModels + "/lgb_linear", onnxModels + "/onnx_classes"} {
		for _, output := range []string{"raw", "prob", "class"} {
			if output == "class" && strings.HasSuffix(dir, "linear") {
				continue // a regression
			}
			for _, flags := range everyPlacement {
				all = append(all, served{dir, goldentest.ModelFile(t, dir), output, flags})
			}
		}
	}
	return all
}

// check compares the scores that a daemon sends with what the library answered.
func (s served) check(t *testing.T, tool string) {
	d := s.start(t)
	c, err := client.Dial(t.Context(), client.Config{Addrs: []string{d.Addr}})
	rawtest.Check(t, err)
	defer c.Close()

	rows, want := goldentest.ReadArray(t, s.file("rows")), goldentest.ReadArray(t, s.file(s.output))
	if it := c.Servers()[0]; it.Dim != rows.Columns || it.Outputs != want.Columns {
		t.Fatalf("dim %d and %d outputs are served, not %d and %d", it.Dim, it.Outputs, rows.Columns, want.Columns)
	}
	got := make([]float32, len(want.Data))
	rawtest.Check(t, c.Score(t.Context(), got, rows.Data))
	s.compare(t, got, rows, want)
	everySize(t, c, rows, goldentest.Array{Data: got, Columns: want.Columns})

	out := filepath.Join(t.TempDir(), "scores.npy")
	if _, stderr, status := daemontest.RunToEnd(t, tool, "--addr", d.Addr, "score", s.file("rows"), "--out", out); status != 0 {
		t.Fatalf("disrust-client score: status %d, %s", status, stderr)
	}
	if fromTool := goldentest.ReadArray(t, out); fromTool.Columns != want.Columns || !sameBits(fromTool.Data, got) {
		t.Error("disrust-client score writes other scores than the Go client gets")
	}
}

func (s served) start(t *testing.T) *daemontest.Daemon {
	args := append([]string{"--model", s.model, "--output", s.output}, s.flags...)
	if goldentest.Best(t, s.dir) {
		args = append(args, "--iterations", "best")
	}
	return start(t, args...)
}

// file returns the name of an array of the model. prob is raw where there is no other, as with ONNX.
func (s served) file(name string) string {
	path := filepath.Join(s.dir, name+".npy")
	if name == "prob" && !exists(path) {
		return s.file("raw")
	}
	return path
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// compare compares scores with the library's. Where the library adds in another order, the bits are
// those of the model in this process, which tests of batcher/onnx judge.
func (s served) compare(t *testing.T, got []float32, rows, want goldentest.Array) {
	m, err := modelflag.Load(s.model, forest.Options{Output: wire.Raw})
	rawtest.Check(t, err)
	judged := m.About.Answers[0].Near > 0 || strings.HasPrefix(filepath.Base(s.dir), "bound")
	if !judged || s.output != "raw" {
		goldentest.Compare(t, got, want, s.steps())
		return
	}
	own := make([]float32, len(want.Data))
	if rawtest.Check(t, m.Score(own, rows.Data)); !sameBits(got, own) {
		t.Error("the scores differ from those without a server")
	}
}

// steps returns how many steps of float32 the scores may be away from the library's.
func (s served) steps() int {
	if s.output == "prob" && strings.HasPrefix(filepath.Base(s.dir), "lgb") {
		return 1
	}
	return 0
}

// everySize sends requests of all sizes one behind the other before it reads an answer. A row
// must have the same score in each.
func everySize(t *testing.T, c *client.Client, rows, scores goldentest.Array) {
	count, first := len(rows.Data)/rows.Columns, 0
	calls := make([]client.Call, min(count, c.Servers()[0].MaxVectors))
	want := make([][]float32, len(calls))
	for i := range calls {
		size := i + 1
		if first+size > count {
			first = 0
		}
		want[i] = scores.Data[first*scores.Columns : (first+size)*scores.Columns]
		calls[i].Rows, calls[i].Dst = rows.Data[first*rows.Columns:(first+size)*rows.Columns], make([]float32, len(want[i]))
		c.Start(&calls[i])
		first += size
	}
	for i := range calls {
		rawtest.Check(t, calls[i].Wait(t.Context()))
		if !sameBits(calls[i].Dst, want[i]) {
			t.Errorf("rows in a request of %d have other scores than in one of %d", i+1, len(calls))
		}
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}
