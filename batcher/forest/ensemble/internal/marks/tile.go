package marks

import (
	"fmt"

	"github.com/disrust/disrust/batcher/kernel"
)

// Tile is what up to 64 rows are scored with: their features, eight at a time, the ranks of their
// columns, and the leaves that some trees have left to them.
type Tile struct {
	Features [Features][Rows]float32
	Columns  []Column

	marks *[marksBytes]byte
	used  int // the rows that are of interest
	few   int // up to so many splits are counted
	kind  kernel.Kind
	twin  bool
}

// NewTiles returns tiles for programs of so many columns. One is there in any case: entries that clear
// nothing look at it. The kind says with which instructions; but a twin does without any. The tiles share
// memory, and belong to one goroutine.
func NewTiles(count, columns int, kind kernel.Kind, twin bool) []*Tile {
	check(kind, twin)
	tiles, marks := make([]*Tile, count), new([marksBytes]byte)
	for i := range tiles {
		tiles[i] = &Tile{Columns: make([]Column, max(1, columns)), marks: marks, kind: kind, twin: twin}
		tiles[i].Use(Rows)
	}
	return tiles
}

// check panics if neither a twin nor this processor has kernels of a kind.
func check(kind kernel.Kind, twin bool) {
	if !twin && (kind < kernel.AVX2 || kind.Check() != nil) {
		panic(fmt.Sprintf("marks: no kernel of the kind %v", kind))
	}
}

// Use says that only the first count rows, from 1 to 64, are of interest. Others may have any ranks, and
// get any sums.
func (t *Tile) Use(count int) {
	if count < 1 || count > Rows {
		panic("marks: a tile of no rows, or of more than 64")
	}
	t.used, t.few = count, few(count)
}

// half reports whether the first half of a tile has all rows of interest.
func (t *Tile) half() bool { return t.used <= Rows/2 }

// narrow reports whether programs are used that score eight rows.
func (t *Tile) narrow() bool { return t.used <= Eight }

func (t *Tile) eights() int { return (t.used + 7) / 8 }

// Load puts up to eight features of count rows into Features, from the first element of rows on.
func (t *Tile) Load(rows []float32, stride, features, count int) {
	done := 0
	if eights := count / 8; features == Features && eights > 0 && !t.twin {
		_ = rows[(8*eights-1)*stride+7] // the last one that is read
		transpose(&t.Features[0][0], &rows[0], 4*stride, eights)
		done = 8 * eights
	}
	for row := done; row < count; row++ {
		for i, x := range rows[row*stride:][:features] {
			t.Features[i][row] = x
		}
	}
}

// Rank makes ranks of the features. It is faster if splits of about the same count are neighbours.
func (t *Tile) Rank(splits []Splits) {
	for i := range splits {
		s := &splits[i]
		column := &t.Columns[s.column/columnBytes]
		if t.twin {
			rankTwin(column, &t.Features[s.feature/rowBytes], s)
		}
	}
	if len(splits) > 0 && !t.twin {
		rank(&t.Columns[0][0], &t.Features[0][0], &splits[0].table, len(splits), t.eights(), t.few)
	}
}

// Ranked says that all columns have their ranks.
func (t *Tile) Ranked() {
	switch {
	case !t.narrow():
	case t.twin:
		for i := range t.Columns {
			spreadTwin(&t.Columns[i])
		}
	default:
		spread(&t.Columns[0][0], len(t.Columns))
	}
}
