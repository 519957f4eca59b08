package ensemble

import (
	"cmp"
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
	nan     int32 // the number of NaN
	tiny    int32 // features of a magnitude of at most these bits have the number zero; -1: none
	zero    int32

	// Of a categorical split only, where 0 goes left and 1 goes right.
	set   bool
	out   uint32 // the number of what is not in the set
	first uint32 // its words are words[first:end], and the one behind them is 0
	end   uint32
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

// category is what a row has in the feature of categorical splits that share the rule for missing
// values. A missing one has a number of its own instead of the answers of the sets.
type category struct {
	word, bit     uint32 // where sets have it; no set has so many words that one has all categories
	mask, missing uint32 // the answer of a set counts in the bits of mask
}

// category returns what x is for the set of c. The integer part of x counts.
func (c *column) category(x float32) category {
	switch {
	case x != x && c.nan != 0:
		return category{missing: uint32(c.nan)>>31 ^ 1}
	case x != x, magnitude(x) <= c.tiny:
		x = 0
	}
	if x <= -1 || x >= 1<<31 || x < 0 && c.out == 0 {
		return category{word: maxWords, mask: 1}
	}
	k := uint32(int32(x))
	return category{word: k / 32, bit: k % 32, mask: 1}
}

// side returns 0 if category k goes left, and 1 if it goes right, without a branch.
func (c *column) side(k category, words []uint32) int32 {
	in := words[c.first+min(k.word, c.end-c.first)] >> (k.bit & 31) & 1
	return int32((in^c.out)&k.mask | k.missing)
}

// maxWords is the words of a set with all categories.
const maxWords = 1 << 31 / 32

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

// sort puts the categorical splits behind the other columns, those that see a feature alike side by
// side. It returns the new place of each column.
func (c *columns) sort() []uint32 {
	from := make([]uint32, len(c.list)) // the old place of each
	for i := range from {
		from[i] = uint32(i)
	}
	slices.SortStableFunc(from, func(a, b uint32) int { return c.list[a].compare(&c.list[b]) })
	list, to := make([]column, len(from)), make([]uint32, len(from))
	for i, at := range from {
		list[i], to[at] = c.list[at], uint32(i)
	}
	c.list = list
	return to
}

func (c *column) compare(d *column) int {
	if !c.set || !d.set {
		return cmp.Compare(sets(c), sets(d))
	}
	return cmp.Or(cmp.Compare(c.feature, d.feature), cmp.Compare(c.out, d.out), cmp.Compare(c.nan, d.nan), cmp.Compare(c.tiny, d.tiny))
}

// sets returns how many sets c is.
func sets(c *column) int {
	if c.set {
		return 1
	}
	return 0
}

// of returns the column that n looks at.
func (c *columns) of(n *Node) uint32 {
	k := key{feature: n.Feature, missing: n.Missing}
	set := n.Test == In || n.Test == NotIn
	words := n.Set[:min(len(n.Set), maxWords)]
	if set {
		k.test, k.hash = n.Test, hash(words)
	}
	at, found := c.known[k]
	if found && (!set || slices.Equal(words, c.words[c.list[at].first:c.list[at].end])) {
		return at
	}
	col := column{feature: uint32(n.Feature), set: set, tiny: -1}
	c.rule(&col, n.Missing)
	if set {
		if n.Test == In {
			col.out = 1
		}
		col.first = uint32(len(c.words))
		c.words = append(c.words, words...)
		col.end = uint32(len(c.words))
		c.words = append(c.words, 0)
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
