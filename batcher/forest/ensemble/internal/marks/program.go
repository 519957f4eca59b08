package marks

import (
	"reflect"

	"github.com/disrust/disrust/batcher/kernel"
)

// Eight is how many rows a program scores at least as fast as fewer.
const Eight = 8

// Program scores some trees, whose values are added in their order.
type Program[F float32 | float64] struct {
	values       []F    // of the leaves, in the order of their marks
	wide, narrow []part // for many rows, and for up to eight
	lone         lone   // for one
	fan          fan    // likewise; empty: it does not fit
	column       int    // the last column that it reads
}

// Add adds the values of the leaves to which the trees lead the rows of some tiles. There are Rows sums for
// each tile. All tiles go through a part of the trees before the next part: a program that is larger than
// the near caches comes from afar once for all of them.
func (p *Program[F]) Add(tiles []*Tile, sums []F) {
	few := len(tiles)
	if last := len(tiles) - 1; tiles[last].narrow() {
		few = last
	}
	p.add(p.wide, tiles[:few], sums)
	p.add(p.narrow, tiles[few:], sums[few*Rows:])
}

func (p *Program[F]) add(parts []part, tiles []*Tile, sums []F) {
	for _, t := range tiles {
		_ = t.Columns[p.column] // so that no entry of the program leads beyond them
	}
	for i := range parts {
		values := p.values[parts[i].values:]
		for at, t := range tiles {
			addPart(&parts[i], t, values, (*[Rows]F)(sums[at*Rows:]))
		}
	}
}

func addPart[F float32 | float64](c *part, t *Tile, values []F, sums *[Rows]F) {
	if t.twin {
		clearTwin(c.words, t)
		addTwin(c.trees[:len(c.trees)-1], t, values, sums)
		return
	}
	c.clear(t)
	switch sums := any(sums).(type) {
	case *[Rows]float64:
		c.addDouble(t, any(&values[0]).(*float64), sums)
	case *[Rows]float32:
		c.addSingle(t, any(&values[0]).(*float32), sums)
	}
}

// clear makes the marks of a part, and for many rows replaces the first of each tree by leaves.
func (c *part) clear(t *Tile) {
	clear32, clear64 := clear32, clear64
	if t.kind >= kernel.AVX512 {
		clear32, clear64 = clear32AVX512, clear64AVX512
	}
	words, ranks, marks := &c.words[0], &t.Columns[0][0], &t.marks[0]
	trees, count := &c.trees[0].marks, len(c.trees)-1
	switch {
	case t.narrow():
		clear32(words, ranks, marks)
	case t.half():
		clear32(words, ranks, marks)
		lowest32(trees, count, marks)
	default:
		clear64(words, ranks, marks)
		lowest64(trees, count, marks)
	}
}

func (c *part) addDouble(t *Tile, values *float64, sums *[Rows]float64) {
	trees, count, marks := &c.trees[0].marks, len(c.trees)-1, &t.marks[0]
	if t.narrow() {
		addEightDouble(trees, count, marks, values, &sums[0])
	} else {
		addDouble(trees, count, marks, values, &sums[0], t.eights())
	}
}

func (c *part) addSingle(t *Tile, values *float32, sums *[Rows]float32) {
	trees, count, marks := &c.trees[0].marks, len(c.trees)-1, &t.marks[0]
	if t.narrow() {
		addEightSingle(trees, count, marks, values, &sums[0])
	} else {
		addSingle(trees, count, marks, values, &sums[0], t.eights())
	}
}

// Bytes returns the size of the program.
func (p *Program[F]) Bytes() int {
	size := bytes(p.values) + bytes(p.wide) + bytes(p.narrow) + p.lone.bytes() + p.fan.bytes()
	for _, parts := range [][]part{p.wide, p.narrow} {
		for i := range parts {
			size += bytes(parts[i].words) + bytes(parts[i].trees)
		}
	}
	return size
}

func bytes[E any](s []E) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
