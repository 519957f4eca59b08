package marks

import (
	"math"
	"math/bits"
	"slices"
)

// Rows is how many rows a tile has room for.
const Rows = 64

// Features is how many features a tile has at a time.
const Features = 8

// MaxColumns is how many columns a tile can have. Their ranks then take 512 KiB.
const MaxColumns = 4096

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

// Splits rank one of the features of a tile, in a column. The assembly knows the places of the fields.
type Splits struct {
	table   []int32 // the search tree, and then the buckets to which it leads, which hold all splits
	count   int32
	base    int32 // 32 times the node of the search tree that would be the first bucket, below the last level
	rule    Rule
	feature uint32 // of the tile, in bytes
	column  uint32 // likewise
}

const (
	// bucket is how many splits a bucket has.
	bucket = 8

	// nodes is the room for a search tree of five levels, whose root is node 1.
	nodes = 32
)

// NewSplits returns splits for Rank. There are at least one and at most MaxSplits, sorted, and no two
// of them are the same.
func NewSplits(feature, column int, rule Rule, sorted []int32) Splits {
	if len(sorted) == 0 || len(sorted) > MaxSplits {
		panic("marks: no splits, or too many for a byte")
	}
	if feature < 0 || feature >= Features || column < 0 || column >= MaxColumns {
		panic("marks: splits of a feature or in a column that no tile has")
	}
	levels, used := 3, (len(sorted)+bucket-1)/bucket
	for 1<<levels < used {
		levels++
	}
	table := slices.Repeat([]int32{math.MaxInt32}, nodes+used*bucket) // no number is above that
	copy(table[nodes:], sorted)
	for node := 1; node < 1<<levels; node++ {
		if at := before(node, levels); at < used-1 { // a number above the last split of the last bucket is in it too
			table[node] = table[nodes+at*bucket+bucket-1]
		}
	}
	return Splits{table, int32(len(sorted)), bucketBytes << levels, rule, uint32(feature * rowBytes), uint32(column * columnBytes)}
}

const (
	bucketBytes = 4 * bucket
	rowBytes    = 4 * Rows
	columnBytes = 2 * Rows
)

// before returns the last bucket on the left of a node of the search tree.
func before(node, levels int) int {
	depth := bits.Len(uint(node)) - 1
	return (2*(node-1<<depth)+1)<<(levels-1-depth) - 1
}

// sorted returns the splits.
func (s *Splits) sorted() []int32 { return s.table[nodes:][:s.count] }

// few returns up to how many splits it is cheaper to compare each with 32 rows at a time than to search
// them for each of so many rows.
func few(rows int) int {
	const eight, half, split = 25, 10, 3 // about the cycles for 8 rows and 32 rows, and for 32 rows and a split
	halves := (rows + 31) / 32
	return (eight*((rows+7)/8) + half*halves) / (split * halves)
}

// Count returns how many splits there are.
func (s *Splits) Count() int { return int(s.count) }

// Feature returns the feature of a tile that s ranks.
func (s *Splits) Feature() int { return int(s.feature / rowBytes) }

// Bytes returns the size of what s refers to.
func (s *Splits) Bytes() int { return 4 * cap(s.table) }
