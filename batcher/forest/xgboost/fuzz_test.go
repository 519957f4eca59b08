package xgboost

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

func FuzzLoad(f *testing.F) {
	goldentest.FuzzLoad(f, Load, goldentest.Models(f, goldentest.Folders(f, "xgb*"))...)
}

// A model that has been loaded does not depend on the file's bytes.
func TestLoadKeepsNothing(t *testing.T) {
	for _, dir := range []string{"xgb_names", "xgb203_ubj", "xgb_linear_classes"} {
		data := bytes.Clone(goldentest.Model(t, "testdata/"+dir))
		m, err := Load(data, modelfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		row := goldentest.Array{Data: make([]float32, m.Shape().Dim), Columns: m.Shape().Dim}
		before, names := scores(t, m, row), strings.Join(m.About.Features, "")
		clear(data)
		if after := scores(t, m, row); !slices.Equal(before, after) {
			t.Errorf("%s: %v, then %v", dir, before, after)
		}
		if strings.Join(m.About.Features, "") != names {
			t.Errorf("%s: the names of the features have changed", dir)
		}
	}
}
