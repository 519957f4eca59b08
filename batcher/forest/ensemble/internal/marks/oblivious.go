package marks

import "slices"

// MaxLevels is how many levels an oblivious tree can have, so that the number of each leaf fits into a
// byte.
const MaxLevels = 8

// Level is the split that all nodes of a level of an oblivious tree have: a row goes left if its rank in
// a column is at most Rank.
type Level struct {
	Column int
	Rank   uint8
}

// Oblivious scores some oblivious trees, whose values are added in their order. Such a tree has one split
// for each level. So there are no marks: the outcomes of the splits, one bit each, are the number of the
// leaf.
type Oblivious[F float32 | float64] struct {
	values []F // of the leaves
	parts  []levels
	column int // the last column that it reads
}

// levels is some trees of which a tile finds the leaves together.
type levels struct {
	words  []uint32 // of each tree: how many levels, and of each the column's place and four times the split
	trees  []place  // the number of a row's leaf is in the byte at marks
	looks  []uint32 // of each level, for a single row: 256 times the column, and the split
	depths []uint8
	values int // where those of the first tree begin
}

// partTrees is how many trees a part has, so that the leaves of 64 rows fit where the marks would be.
const partTrees = marksBytes / Rows

// ObliviousBuilder compiles programs, one after the other.
type ObliviousBuilder[F float32 | float64] struct {
	values []F
	parts  []levels
	last   levels // the part that is made
	column int
}

// Begin begins a program of trees that have so many leaves together.
func (b *ObliviousBuilder[F]) Begin(leaves int) { b.values = make([]F, 0, leaves) }

// Add adds the next tree. The first level is the root's. The values are in the order of the leaves, from
// left to right.
func (b *ObliviousBuilder[F]) Add(tree []Level, values []F) {
	if len(tree) > MaxLevels || len(values) != 1<<len(tree) {
		panic("marks: an oblivious tree of too many levels, or of another number of values")
	}
	p := &b.last
	if len(p.trees) == partTrees {
		b.cut()
	}
	if len(p.trees) == 0 {
		p.values = len(b.values)
	}
	p.trees = append(p.trees, place{uint32(len(p.trees) * Rows), uint32(len(b.values) - p.values)})
	p.depths = append(p.depths, uint8(len(tree)))
	p.words = append(p.words, uint32(len(tree)))
	for _, l := range tree {
		b.column = max(b.column, l.Column)
		// The complements are below the complement of the rank iff the rank is not below: they go right.
		p.words = append(p.words, uint32(l.Column*columnBytes+Rows), quad(^(l.Rank ^ bias)))
		p.looks = append(p.looks, uint32(l.Column)<<8|uint32(l.Rank))
	}
	b.values = append(b.values, values...)
}

// cut ends a part.
func (b *ObliviousBuilder[F]) cut() {
	p := &b.last
	p.looks = append(p.looks, 0) // there is one, even if all trees are leaves
	b.parts = append(b.parts, levels{slices.Clone(p.words), slices.Clone(p.trees), slices.Clone(p.looks), slices.Clone(p.depths), p.values})
	p.words, p.trees, p.looks, p.depths = p.words[:0], p.trees[:0], p.looks[:0], p.depths[:0]
}

// Program returns the program of the trees since Begin.
func (b *ObliviousBuilder[F]) Program() *Oblivious[F] {
	if len(b.last.trees) > 0 {
		b.cut()
	}
	p := &Oblivious[F]{b.values, slices.Clone(b.parts), b.column}
	clear(b.parts)
	b.values, b.parts, b.column = nil, b.parts[:0], 0
	return p
}

// Add adds the values of the leaves to which the trees lead the rows of some tiles. There are Rows sums for
// each tile.
func (p *Oblivious[F]) Add(tiles []*Tile, sums []F) {
	for at, t := range tiles {
		p.add(t, (*[Rows]F)(sums[at*Rows:]))
	}
}

func (p *Oblivious[F]) add(t *Tile, sums *[Rows]F) {
	_ = t.Columns[p.column] // so that no level leads beyond them
	for i := range p.parts {
		c := &p.parts[i]
		values := p.values[c.values:]
		if t.twin {
			c.indexTwin(t)
			addIndexed(c.trees, t, values, sums)
			continue
		}
		c.index(t)
		trees, count, places := &c.trees[0].marks, len(c.trees), &t.marks[0]
		switch sums := any(sums).(type) {
		case *[Rows]float64:
			addDouble(trees, count, places, any(&values[0]).(*float64), &sums[0], t.eights())
		case *[Rows]float32:
			addSingle(trees, count, places, any(&values[0]).(*float32), &sums[0], t.eights())
		}
	}
}

func (c *levels) index(t *Tile) {
	words, ranks, places := &c.words[0], &t.Columns[0][0], &t.marks[0]
	switch {
	case t.narrow():
		index8(words, len(c.trees), ranks, places)
	case t.half():
		index32(words, len(c.trees), ranks, places)
	default:
		index64(words, len(c.trees), ranks, places)
	}
}

// AddRow adds the values of the leaves to which the trees lead a row.
func (p *Oblivious[F]) AddRow(r *Row, sum *F) {
	_ = r.ranks[p.column]
	for i := range p.parts {
		c := &p.parts[i]
		values := p.values[c.values:]
		if r.twin {
			addRowTwin(c, r, values, sum)
			continue
		}
		looks, depths, count := &c.looks[0], &c.depths[0], len(c.trees)
		switch sum := any(sum).(type) {
		case *float64:
			addRowDouble(looks, depths, count, &r.ranks[0], any(&values[0]).(*float64), sum)
		case *float32:
			addRowSingle(looks, depths, count, &r.ranks[0], any(&values[0]).(*float32), sum)
		}
	}
}

// Bytes returns the size of the program.
func (p *Oblivious[F]) Bytes() int {
	size := bytes(p.values) + bytes(p.parts)
	for i := range p.parts {
		c := &p.parts[i]
		size += bytes(c.words) + bytes(c.trees) + bytes(c.looks) + bytes(c.depths)
	}
	return size
}
