package kernel

import (
	"math"
	"math/bits"
	"slices"
)

// Rows is how many rows a tile has room for.
const Rows = 64

// MaxSplits is how many splits a column can have, so that each rank fits into a byte.
const MaxSplits = 255

// Column holds the rank of each row among the splits of a column: how many of them are below the
// row's number. It holds them less 128, as the processor compares bytes with a sign; and behind them
// their complements, which are ordered the other way round.
type Column [2 * Rows]byte

const bias = 0x80

// Set sets the rank of a row.
func (c *Column) Set(row int, rank uint8) {
	c[row] = rank ^ bias
	c[Rows+row] = ^(rank ^ bias)
}

// Rule is what numbers are made with, as package ensemble describes.
type Rule struct{ Tiny, Zero, NaN int32 }

// Splits rank the features of a column.
type Splits struct {
	rule   [3]int32
	sorted []int32
	levels int     // of the search tree
	table  []int32 // the search tree, and then the buckets to which it leads
}

const (
	// bucket is how many splits a bucket has.
	bucket = 8

	// nodes is the room for a search tree of five levels, whose root is node 1.
	nodes = 32
)

// NewSplits returns splits for Rank. There are at least one and at most MaxSplits, sorted, and no two
// of them are the same.
func NewSplits(rule Rule, sorted []int32) Splits {
	if len(sorted) == 0 || len(sorted) > MaxSplits {
		panic("kernel: no splits, or too many for a byte")
	}
	s := Splits{rule: [3]int32{rule.Tiny, rule.Zero, rule.NaN}, sorted: slices.Clone(sorted), levels: 3}
	used := (len(sorted) + bucket - 1) / bucket
	for 1<<s.levels < used {
		s.levels++
	}
	s.table = slices.Repeat([]int32{math.MaxInt32}, nodes+used*bucket) // no number is above that
	copy(s.table[nodes:], sorted)
	for node := 1; node < 1<<s.levels; node++ {
		if at := s.before(node); at < used-1 { // a number above the last split of the last bucket is in it too
			s.table[node] = s.table[nodes+at*bucket+bucket-1]
		}
	}
	return s
}

// before returns the last bucket on the left of a node of the search tree: it has as many nodes on its
// left as there are buckets before this one.
func (s *Splits) before(node int) int {
	depth := bits.Len(uint(node)) - 1
	return (2*(node-1<<depth)+1)<<(s.levels-1-depth) - 1
}

// searched reports whether it is cheaper to search the splits for each of some rows than to compare
// 32 rows at a time with each split.
func (s *Splits) searched(rows int) bool {
	const eight, half, split = 25, 10, 3 // about the cycles for 8 rows and 32 rows, and for 32 rows and a split
	halves := (rows + 31) / 32
	return eight*((rows+7)/8)+half*halves < split*halves*len(s.sorted)
}

// Bytes returns the size of what s refers to.
func (s *Splits) Bytes() int { return 4 * (cap(s.sorted) + cap(s.table)) }
