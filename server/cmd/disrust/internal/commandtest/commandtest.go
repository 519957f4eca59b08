// Package commandtest runs commands on files of models, for their tests.
package commandtest

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
)

// Models is the folder of the loaders, from the folder of a command. Their tests have models in
// Models/LOADER/testdata/CASE/model.EXTENSION.
const Models = "../../../../../batcher/forest"

// ONNX is the folder of the models in ONNX, in ONNX/CASE/model.onnx.
const ONNX = "../../../../../batcher/onnx/testdata"

// Files returns the files of the models that have the bits of their libraries.
func Files(t testing.TB) []string {
	t.Helper()
	return append(like(t, Models+"/*/testdata/*/model.*"), like(t, ONNX+"/onnx_*/model.onnx")...)
}

// Binaries returns the files of CatBoost's own format. Each stands beside the JSON of its model.
func Binaries(t testing.TB) []string {
	t.Helper()
	return like(t, Models+"/catboost/testdata/*/trained.cbm")
}

// Graphs returns the files of graphs whose libraries add in another order. Those of PyTorch have rows
// for which onnxruntime overflows.
func Graphs(t testing.TB) []string {
	t.Helper()
	return append(like(t, ONNX+"/bound_*/model.onnx"), like(t, ONNX+"/torch_*/model.onnx")...)
}

func like(t testing.TB, pattern string) []string {
	t.Helper()
	const fewest = 15
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) < fewest {
		t.Fatalf("%d models like %s, %v", len(found), pattern, err)
	}
	return found
}

// Run carries out a command and returns what it wrote, and its status.
func Run(t testing.TB, c *command.Command, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = c.Run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), status
}
