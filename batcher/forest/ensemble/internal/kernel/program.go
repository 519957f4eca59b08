package kernel

import "reflect"

// maxUnits is how many bytes of marks some trees have together, so that the marks of 64 rows stay in
// the nearest cache.
const maxUnits = 256

// Program scores some trees, whose values are added in their order.
type Program[F float32 | float64] struct {
	words  []uint32
	trees  []place
	values []F // of the leaves, in the order of their marks
	parts  []part
	column int // the last column that it reads
}

// place says where the first marks and the first value of a tree are, in bytes from those of the part.
// Behind the trees of a part there is the place where the next tree's would be.
type place struct{ marks, values uint32 }

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
			addTwin(p.trees[c.trees:][:c.count], t.marks, p.values[c.values:], sums)
			continue
		}
		marks, trees := &t.marks[0][0], &p.trees[c.trees].marks
		if t.half() {
			clear32(&p.words[c.words], &t.Columns[0][0], marks)
			lowest32(trees, c.count, marks)
		} else {
			clear64(&p.words[c.words], &t.Columns[0][0], marks)
			lowest64(trees, c.count, marks)
		}
		eights := (t.used + 7) / 8
		switch sums := any(sums).(type) {
		case *[Rows]float64:
			addDouble(trees, c.count, marks, any(&p.values[c.values]).(*float64), &sums[0], eights)
		case *[Rows]float32:
			addSingle(trees, c.count, marks, any(&p.values[c.values]).(*float32), &sums[0], eights)
		}
	}
}

// Bytes returns the size of the program.
func (p *Program[F]) Bytes() int {
	return bytes(p.words) + bytes(p.trees) + bytes(p.values) + bytes(p.parts)
}

func bytes[E any](s []E) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
