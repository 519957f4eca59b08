package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

// TestSameFileWithoutServer: the scores of a served model are, byte for byte, the file that disrust
// score writes.
func TestSameFileWithoutServer(t *testing.T) {
	for name, output := range map[string]string{
		"lightgbm/testdata/lgb_multiclass": "prob", "lightgbm/testdata/lgb_linear": "raw", "lightgbm/testdata/lgb_rf": "prob",
		"xgboost/testdata/xgb_softprob_forest": "raw", "xgboost/testdata/xgb_labels": "prob", "xgboost/testdata/xgb_logistic": "class",
	} {
		folder := filepath.Join(root, "batcher/forest", name)
		models, err := filepath.Glob(filepath.Join(folder, "model.*"))
		if err != nil || len(models) != 1 {
			t.Fatalf("%s: %q, %v", name, models, err)
		}
		rows, own, served := filepath.Join(folder, "rows.npy"), t.TempDir()+"/own.npy", t.TempDir()+"/served.npy"
		if _, stderr, status := daemontest.RunToEnd(t, built, "score", models[0], rows, "-o", own, "--output", output); status != 0 || stderr != "" {
			t.Fatalf("%s: status %d, stderr %q", name, status, stderr)
		}
		d := disrust(t, "--model", models[0], "--output", output)
		if status, _, stderr := tool(t, words("PORT score --out "+served+" "+rows, d.Port())...); status != 0 || stderr != "" {
			t.Fatalf("%s: status %d, stderr %q", name, status, stderr)
		}
		if !bytes.Equal(read(t, own), read(t, served)) {
			t.Errorf("%s, %s: other files", name, output)
		}
	}
}
