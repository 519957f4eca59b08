package stages

import (
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Table replaces each number by what it stands for. Numbers without an entry become Otherwise.
type Table struct {
	value, columns int
	keys, entries  []float32 // by rising keys
	nan            float32   // what NaN stands for
	otherwise      float32
}

// NewTable makes a stage. Of equal keys the first counts.
func NewTable(value, columns int, keys, entries []float32, otherwise float32) *Table {
	t := &Table{value: value, columns: columns, nan: otherwise, otherwise: otherwise}
	order := make([]int, 0, len(keys))
	known := false
	for i, k := range keys {
		switch {
		case k == k:
			order = append(order, i)
		case !known:
			t.nan, known = entries[i], true
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case keys[a] < keys[b]:
			return -1
		case keys[a] > keys[b]:
			return 1
		}
		return 0
	})
	for _, i := range order {
		t.keys, t.entries = append(t.keys, keys[i]), append(t.entries, entries[i])
	}
	return t
}

// IgnoreNaN makes NaN a number without an entry, although it is among the keys.
func (t *Table) IgnoreNaN() { t.nan = t.otherwise }

func (t *Table) From() []int    { return []int{t.value} }
func (t *Table) Width() int     { return t.columns }
func (t *Table) Bytes() int     { return 8 * len(t.keys) }
func (t *Table) String() string { return "table" }

// NewRunner implements [pipeline.Stage].
func (t *Table) NewRunner() pipeline.Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		for i, x := range from[0][:rows*t.columns] {
			dst[i] = t.find(x)
		}
		return nil
	}
}

func (t *Table) find(x float32) float32 {
	if math.IsNaN(float64(x)) {
		return t.nan
	}
	if i, found := slices.BinarySearch(t.keys, x); found {
		return t.entries[i]
	}
	return t.otherwise
}
