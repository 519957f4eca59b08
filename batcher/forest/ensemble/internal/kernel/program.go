package kernel

import "reflect"

// maxUnits is how many bytes of marks some trees have together, so that the marks of 64 rows stay in
// the nearest cache.
const maxUnits = 256

// Program scores some trees, whose values are added in their order.
type Program[F float32 | float64] struct {
	parts  []part[F]
	column int // the last column that it reads
}

// place says where the first marks and the first value of a tree are, in bytes from those of the part.
// Behind the trees of a part there is the place where the next tree's would be.
type place struct{ marks, values uint32 }

// part is some trees whose marks are made together.
type part[F float32 | float64] struct {
	words  []uint32 // runs of units: see flush
	trees  []place  // and one more
	values []F      // of the leaves, in the order of their marks
}

// Add adds the values of the leaves to which the trees lead the rows of a tile.
func (p *Program[F]) Add(t *Tile, sums *[Rows]F) {
	_ = t.Columns[p.column] // so that no entry of the program leads beyond them
	for i := range p.parts {
		c := &p.parts[i]
		count := len(c.trees) - 1
		if t.twin {
			clearTwin(c.words, t.Columns, t.marks)
			addTwin(c.trees[:count], t.marks, c.values, sums)
			continue
		}
		marks, trees := &t.marks[0][0], &c.trees[0].marks
		if t.half() {
			clear32(&c.words[0], &t.Columns[0][0], marks)
			lowest32(trees, count, marks)
		} else {
			clear64(&c.words[0], &t.Columns[0][0], marks)
			lowest64(trees, count, marks)
		}
		eights := (t.used + 7) / 8
		switch sums := any(sums).(type) {
		case *[Rows]float64:
			addDouble(trees, count, marks, any(&c.values[0]).(*float64), &sums[0], eights)
		case *[Rows]float32:
			addSingle(trees, count, marks, any(&c.values[0]).(*float32), &sums[0], eights)
		}
	}
}

// Bytes returns the size of the program.
func (p *Program[F]) Bytes() int {
	size := bytes(p.parts)
	for i := range p.parts {
		size += bytes(p.parts[i].words) + bytes(p.parts[i].trees) + bytes(p.parts[i].values)
	}
	return size
}

func bytes[E any](s []E) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
