package goldentest

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
)

const importance = "importance.npy"

// CheckImportance compares how the trees use the features with what the library says of a folder's
// model: the splits, and the gain, which XGBoost adds up in float32. It reports whether the folder
// says so.
func CheckImportance(t testing.TB, usage []modelfile.Usage, dir string) bool {
	t.Helper()
	want, found := readImportance(t, dir, 2*len(usage))
	for i, w := range want.Data {
		got, slack := float64(usage[i/2].Splits-usage[i/2].Gainless), 0.0
		if i%2 == 1 {
			got, slack = usage[i/2].Gain, 1e-5
		}
		if math.IsInf(float64(w), 1) && got*(1+slack) > math.MaxFloat32 {
			continue // the library's sum is beyond float32
		}
		if math.Abs(got-float64(w)) > slack*math.Abs(got) {
			t.Errorf("feature %d: %+v, but the library has %v", i/2, usage[i/2], w)
		}
	}
	return found
}

// CheckWeights compares the weights of a linear model, count of them, in the same way.
func CheckWeights(t testing.TB, weight func(feature, sum int) float32, count int, dir string) bool {
	t.Helper()
	want, found := readImportance(t, dir, count)
	for i, w := range want.Data {
		if got := weight(i/want.Columns, i%want.Columns); got != w {
			t.Errorf("weight %d of feature %d: %v, but the library has %v", i%want.Columns, i/want.Columns, got, w)
		}
	}
	return found
}

// readImportance reads what the library says of the features of a folder's model, which must be
// count numbers. Folders that are older than this test do not say it.
func readImportance(t testing.TB, dir string, count int) (a Array, found bool) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, importance)); err != nil {
		return a, false
	}
	a = ReadArray(t, filepath.Join(dir, importance))
	if len(a.Data) != count {
		t.Fatalf("the library has %d numbers for the features, not %d", len(a.Data), count)
	}
	return a, true
}
