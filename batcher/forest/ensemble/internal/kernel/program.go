package kernel

import "reflect"

// maxUnits is how many bytes of marks some trees have together, so that the marks of 64 rows stay in
// the nearest cache.
const maxUnits = 256

// Program scores some trees, whose values are added in their order.
type Program[F float32 | float64] struct {
	words  []uint32
	trees  []uint32 // of each tree: bytes of marks, and leaves
	values []F      // of the leaves, in the order of their marks
	parts  []part
	column int // the last column that it reads
}

// part is some trees whose marks are made together.
type part struct {
	words, trees, values int // where its data begins
	count                int // of trees
}

// Add adds the values of the leaves to which the trees lead the rows of a tile.
func (p *Program[F]) Add(t *Tile, sums *[Rows]F) {
	_ = t.Columns[p.column] // so that no entry of the program leads beyond them
	for i := range p.parts {
		c := &p.parts[i]
		if t.twin {
			clearTwin(p.words[c.words:], t.Columns, t.marks)
			addTwin(p.trees[c.trees:], c.count, t.marks, p.values[c.values:], sums)
			continue
		}
		if t.half() {
			clear32(&p.words[c.words], &t.Columns[0][0], &t.marks[0][0])
		} else {
			clear64(&p.words[c.words], &t.Columns[0][0], &t.marks[0][0])
		}
		p.add(c, t, sums)
	}
}

func (p *Program[F]) add(c *part, t *Tile, sums *[Rows]F) {
	trees, marks, eights := &p.trees[c.trees], &t.marks[0][0], (t.used+7)/8
	switch sums := any(sums).(type) {
	case *[Rows]float64:
		values := any(&p.values[c.values]).(*float64)
		if t.half() {
			addDouble32(trees, c.count, marks, values, &sums[0], eights)
		} else {
			addDouble64(trees, c.count, marks, values, &sums[0], eights)
		}
	case *[Rows]float32:
		values := any(&p.values[c.values]).(*float32)
		if t.half() {
			addSingle32(trees, c.count, marks, values, &sums[0], eights)
		} else {
			addSingle64(trees, c.count, marks, values, &sums[0], eights)
		}
	}
}

// Bytes returns the size of the program.
func (p *Program[F]) Bytes() int {
	return 4*(cap(p.words)+cap(p.trees)) + cap(p.values)*int(reflect.TypeFor[F]().Size()) + cap(p.parts)*int(reflect.TypeFor[part]().Size())
}
