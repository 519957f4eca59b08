package lightgbm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// TestGolden compares every score with LightGBM's: raw scores and classes bit for bit, others
// within one step of float32.
func TestGolden(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "lgb*") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			goldentest.NameIfFailed(t, dir)
			data := goldentest.Model(t, dir)
			compare(t, data, wire.Raw, dir, "raw.npy", 0)
			compare(t, data, wire.Unstated, dir, "prob.npy", 1)
			_, err := os.Stat(filepath.Join(dir, "class.npy"))
			// What cross_entropy_lambda answers is no probability, whatever the file says.
			if err == nil && !strings.HasSuffix(dir, "cross_entropy_lambda") {
				compare(t, data, wire.Class, dir, "class.npy", 0)
			} else if _, err := Load(data, modelfile.Options{Output: wire.Class}); err == nil || !strings.Contains(err.Error(), "class") {
				t.Errorf("classes without classes: %v", err)
			}
		})
	}
}

func compare(t *testing.T, data []byte, output wire.Kind, dir, file string, steps int) {
	t.Helper()
	m, err := Load(data, modelfile.Options{Output: output})
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Check(t, m, dir, file, steps)
}
