package ensemble

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
)

// A column holds, for each row, what the nodes compare. It is a feature seen through one rule
// for missing values, or the answer of one categorical split, as a whole number: rules and
// categories are then no matter of the nodes. A row goes left iff its number is at most the
// node's split.
//
// The number of a float32 is its magnitude's bits with its sign, so that numbers are ordered as
// floats are and -0 is 0. Below and above all floats there is room for NaN.
type column struct {
	feature uint32
	set     bool  // a categorical split: 0 goes left, 1 goes right
	inside  bool  // of a set: what is in it goes left
	nan     int32 // the number of NaN
	tiny    int32 // features of a magnitude of at most these bits have the number zero; -1: none
	zero    int32
	first   uint32 // of a set: its words are words[first:end]
	end     uint32
}

const (
	first    = math.MinInt32 // goes left at every node
	last     = math.MaxInt32 // goes right at every node
	infinity = 0x7f800000
)

// number returns the number of x without regard to missing values.
func number(x float32) int32 {
	bits := int32(math.Float32bits(x))
	sign := bits >> 31
	return (bits&math.MaxInt32 ^ sign) - sign
}

// split returns the largest number that goes left at n.
func (n *Node) split() int32 {
	switch n.Test {
	case UpTo:
		return number(n.Threshold)
	case Below:
		return number(n.Threshold) - 1
	}
	return 0
}

// number returns what the nodes compare of feature x, in a column that is no categorical split.
// It has no branch, as features are zero or missing unpredictably. The compiler sees to that if
// the fields are read beforehand.
func (c *column) number(x float32) int32 {
	tiny, zero, nan := c.tiny, c.zero, c.nan
	bits := int32(math.Float32bits(x))
	sign, m := bits>>31, bits&math.MaxInt32
	k := m ^ sign - sign
	if m <= tiny {
		k = zero
	}
	if m > infinity {
		k = nan
	}
	return k
}

// side returns 0 if category x goes left, and 1 if it goes right.
func (c *column) side(x float32, words []uint32) int32 {
	switch {
	case x != x && c.nan == first:
		return 0
	case x != x && c.nan == last:
		return 1
	case x != x, magnitude(x) <= c.tiny:
		x = 0
	}
	if c.has(x, words[c.first:c.end]) == c.inside {
		return 0
	}
	return 1
}

// has reports whether x is a category of the set.
func (c *column) has(x float32, set []uint32) bool {
	if x <= -1 || x >= 1<<31 || x < 0 && !c.inside {
		return false
	}
	category := uint32(int32(x))
	word := int(category / 32)
	return word < len(set) && set[word]>>(category%32)&1 == 1
}

// magnitude returns the bits of |x|.
func magnitude(x float32) int32 { return int32(math.Float32bits(x)) & math.MaxInt32 }

// columns collects the columns that the nodes of a model look at.
type columns struct {
	list  []column
	words []uint32
	snap  bool // Config.SnapZero
	known map[key]uint32
}

// key tells columns apart. Of two sets with the same hash, the builder compares the words.
type key struct {
	feature int
	missing Missing
	test    Test
	hash    uint64
}

var seed = maphash.MakeSeed()

// of returns the column that n looks at.
func (c *columns) of(n *Node) uint32 {
	k := key{feature: n.Feature, missing: n.Missing}
	set := n.Test == In || n.Test == NotIn
	if set {
		k.test, k.hash = n.Test, hash(n.Set)
	}
	at, found := c.known[k]
	if found && (!set || slices.Equal(n.Set, c.words[c.list[at].first:c.list[at].end])) {
		return at
	}
	col := column{feature: uint32(n.Feature), set: set, inside: n.Test == In, tiny: -1}
	c.rule(&col, n.Missing)
	if set {
		col.first = uint32(len(c.words))
		c.words = append(c.words, n.Set...)
		col.end = uint32(len(c.words))
	}
	if c.known == nil {
		c.known = map[key]uint32{}
	}
	at = uint32(len(c.list))
	c.list = append(c.list, col)
	c.known[k] = at
	return at
}

// rule sets what a column makes of missing features.
func (c *columns) rule(col *column, m Missing) {
	if c.snap {
		col.tiny = tinyBits
	}
	switch m {
	case NaNRight:
		col.nan = last
	case NaNLeft:
		col.nan = first
	case ZeroRight:
		col.tiny, col.nan, col.zero = tinyBits, last, last
	case ZeroLeft:
		col.tiny, col.nan, col.zero = tinyBits, first, first
	}
}

var tinyBits = int32(math.Float32bits(Tiny))

func hash(set []uint32) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var b [4]byte
	for _, w := range set {
		binary.LittleEndian.PutUint32(b[:], w)
		h.Write(b[:])
	}
	return h.Sum64()
}
