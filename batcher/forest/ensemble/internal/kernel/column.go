package kernel

import (
	"math"
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
	rule    [3]int32
	sorted  []int32
	buckets []int32 // the last split of each of 16 buckets, and then those that have splits
}

// bucket is how many splits a bucket has.
const bucket = 16

// NewSplits returns splits for Rank. There are at least one and at most MaxSplits, sorted, and no two
// of them are the same.
func NewSplits(rule Rule, sorted []int32) Splits {
	if len(sorted) == 0 || len(sorted) > MaxSplits {
		panic("kernel: no splits, or too many for a byte")
	}
	s := Splits{rule: [3]int32{rule.Tiny, rule.Zero, rule.NaN}, sorted: slices.Clone(sorted)}
	used := (len(sorted) + bucket - 1) / bucket
	s.buckets = slices.Repeat([]int32{math.MaxInt32}, bucket+used*bucket) // no number is above that
	copy(s.buckets[bucket:], sorted)
	for i := range used - 1 { // nothing is behind the last bucket
		s.buckets[i] = s.buckets[bucket+bucket*i+bucket-1]
	}
	return s
}

// searched reports whether it is cheaper to search the splits for each of some rows than to compare
// 32 rows at a time with each split.
func (s *Splits) searched(rows int) bool {
	const search, compare = 3, 2 // what a row takes, and what a split takes for 32 rows
	return search*rows < compare*len(s.sorted)*((rows+31)/32)
}

// Bytes returns the size of what s refers to.
func (s *Splits) Bytes() int { return 4 * (cap(s.sorted) + cap(s.buckets)) }
