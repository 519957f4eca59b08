package golden

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"pgregory.net/rapid"
)

// TestPropFirst: however many rows there are, and whichever of them differ, the error says which is the first
// and how many they are.
func TestPropFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.txt")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3*batch).Draw(t, "rows")
		shape := batcher.Shape{Outputs: rapid.IntRange(1, 3).Draw(t, "outputs")}
		shape.Dim = shape.Outputs + rapid.IntRange(0, 2).Draw(t, "more features")
		rows := rapid.SliceOfN(rapid.Float32(), n*shape.Dim, n*shape.Dim).Draw(t, "features")
		m := copies{shape: shape}
		scores := make([]float32, n*shape.Outputs)
		m.Score(scores, rows)
		wrong := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 5), rapid.ID).Draw(t, "wrong rows")
		first := n
		for _, row := range wrong {
			at := row*shape.Outputs + rapid.IntRange(0, shape.Outputs-1).Draw(t, "output")
			scores[at] = math.Float32frombits(math.Float32bits(scores[at]) ^ 1<<31)
			first = min(first, row)
		}
		commandtest.WriteGolden(t, Beside(file), shape.Dim, rows, scores)
		checked, err := Check(file, m)
		if len(wrong) == 0 {
			if err != nil || checked != n {
				t.Fatalf("%d of %d rows, %v", checked, n, err)
			}
			return
		}
		if want := fmt.Sprintf("%d of %d rows differ: for row %d ", len(wrong), n, first); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v, want %s", err, want)
		}
	})
}
