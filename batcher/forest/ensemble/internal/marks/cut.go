package marks

import (
	"cmp"
	"slices"
)

// layout says how marks lie in memory.
type layout struct {
	bits  int // of the marks of a row in a unit
	bytes int // of a unit: the marks of all rows
}

var (
	wide   = layout{8, Rows}       // 64 rows
	narrow = layout{32, 4 * Eight} // 8 rows
)

// marksBytes is the size of the marks of some trees, so that they stay in the nearest cache.
const marksBytes = 16 << 10

// part is some trees whose marks are made together.
type part struct {
	words  []uint32 // runs of units: see cut
	trees  []place  // and one more
	values int      // where those of the first tree begin
}

// place says where the first marks of a tree are, and its first value, as the number of leaves that
// come before. Behind the trees of a part there is the place where the next tree's would be.
type place struct{ marks, values uint32 }

// cutter cuts the trees of a program into parts, and makes the words of each.
type cutter struct {
	layout
	done []part

	// Of the part that is made. What is kept of it is copied.
	trees   []place
	values  int // before the part
	leaves  int // in the part
	units   []unit
	entries []entry

	// Of a tree: the entries of each unit.
	tree [][]entry
}

// unit is what clears the marks of one place.
type unit struct {
	to             uint32
	entries, count int
}

// entry clears, in the rows whose byte in a column is at least split, the marks that are 0 in leaves.
type entry struct{ column, split, leaves uint32 }

// quad returns four times the same byte.
func quad(b byte) uint32 { return uint32(b) * 0x01010101 }

// begin begins a tree, before which the program has so many values.
func (c *cutter) begin(leaves, values int) {
	units := (leaves + c.bits - 1) / c.bits
	if (len(c.units)+units)*c.bytes > marksBytes {
		c.cut()
	}
	if len(c.trees) == 0 {
		c.values = values
	}
	c.trees = append(c.trees, c.next())
	c.leaves += leaves
	for len(c.tree) < units {
		c.tree = append(c.tree, nil)
	}
	c.tree = c.tree[:units]
}

// next returns the place of the next tree.
func (c *cutter) next() place { return place{uint32(len(c.units) * c.bytes), uint32(c.leaves)} }

// clear adds entries that clear the marks of leaves from first to before end.
func (c *cutter) clear(column uint32, split byte, first, end int) {
	for at := first / c.bits; at*c.bits < end; at++ {
		from, to := max(first-c.bits*at, 0), min(end-c.bits*at, c.bits)
		leaves := ^(uint64(1)<<to - uint64(1)<<from)
		if c.bits == 8 {
			leaves = uint64(quad(byte(leaves)))
		}
		c.tree[at] = append(c.tree[at], entry{column, quad(split), uint32(leaves)})
	}
}

// end ends the tree.
func (c *cutter) end() {
	for i, entries := range c.tree {
		if len(entries) == 0 {
			entries = append(entries, entry{leaves: quad(0xff)}) // a unit has at least one entry: this one clears nothing
		}
		c.units = append(c.units, unit{uint32(len(c.units) * c.bytes), len(c.entries), len(entries)})
		c.entries = append(c.entries, entries...)
		c.tree[i] = entries[:0]
	}
}

// cut ends a part, and makes its words: run after run of units with as many entries.
func (c *cutter) cut() {
	slices.SortStableFunc(c.units, func(x, y unit) int { return cmp.Compare(y.count, x.count) })
	runs := 0
	for i := range c.units {
		if i == 0 || c.units[i].count != c.units[i-1].count {
			runs++
		}
	}
	words := make([]uint32, 0, 2*runs+len(c.units)+3*len(c.entries)+2)
	for first := 0; first < len(c.units); {
		count, end := c.units[first].count, first
		for end < len(c.units) && c.units[end].count == count {
			end++
		}
		words = append(words, uint32(count), uint32(end-first))
		for _, u := range c.units[first:end] {
			words = append(words, u.to)
			for _, e := range c.entries[u.entries:][:count] {
				words = append(words, e.column, e.split, e.leaves)
			}
		}
		first = end
	}
	words = append(words, 0, 0)
	c.trees = append(c.trees, c.next())
	c.done = append(c.done, part{words, slices.Clone(c.trees), c.values})
	c.trees, c.leaves, c.units, c.entries = c.trees[:0], 0, c.units[:0], c.entries[:0]
}

// parts returns the parts since the last call.
func (c *cutter) parts() []part {
	if len(c.trees) > 0 {
		c.cut()
	}
	done := slices.Clone(c.done)
	clear(c.done)
	c.done = c.done[:0]
	return done
}
