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

	set bool   // a categorical split, where 0 goes left and 1 goes right
	out uint32 // the number of what is not in the set
}

// set says where the categories of a split are: in words[first:][:count]. The word behind them is 0.
type set struct{ first, count uint32 }

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
// values. Their number is flip, unless the bit is set in their sets and in mask.
type category struct{ word, bit, mask, flip uint32 }

// category returns what x is for the set of c. The integer part of x counts.
func (c *column) category(x float32) category {
	switch {
	case x != x && c.nan != 0:
		return category{flip: uint32(c.nan)>>31 ^ 1}
	case x != x, magnitude(x) <= c.tiny:
		x = 0
	}
	if x <= -1 || x >= 1<<31 || x < 0 && c.out == 0 {
		return category{flip: c.out}
	}
	k := uint32(int32(x))
	return category{word: k / 32, bit: k % 32, mask: 1, flip: c.out}
}

// side returns 0 if category k goes left at a split with this set, and 1 if it goes right. The only
// branch asks whether the set is too short to have it, which a processor mostly predicts.
func (s set) side(k category, words []uint32) int32 {
	in := words[s.first+min(k.word, s.count)] >> (k.bit & 31) & k.mask
	return int32(in ^ k.flip)
}

// maxWords is the words of a set with all categories.
const maxWords = 1 << 31 / 32

// magnitude returns the bits of |x|.
func magnitude(x float32) int32 { return int32(math.Float32bits(x)) & math.MaxInt32 }

// columns collects the columns that the nodes of a model look at.
type columns struct {
	list  []column
	sets  []set // of each
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
	list, sets, to := make([]column, len(from)), make([]set, len(from)), make([]uint32, len(from))
	for i, at := range from {
		list[i], sets[i], to[at] = c.list[at], c.sets[at], uint32(i)
	}
	c.list, c.sets = list, sets
	return to
}

func (c *column) compare(d *column) int {
	switch {
	case c.set && d.set:
		return cmp.Or(cmp.Compare(c.feature, d.feature), cmp.Compare(c.out, d.out), cmp.Compare(c.nan, d.nan), cmp.Compare(c.tiny, d.tiny))
	case c.set:
		return 1
	case d.set:
		return -1
	}
	return 0
}

// of returns the column that n looks at.
func (c *columns) of(n *Node) uint32 {
	k, words := key{feature: n.Feature, missing: n.Missing}, n.Set[:min(len(n.Set), maxWords)]
	isSet := n.Test == In || n.Test == NotIn
	if isSet {
		k.test, k.hash = n.Test, hash(words)
	}
	at, found := c.known[k]
	if found && (!isSet || slices.Equal(words, c.wordsOf(at))) {
		return at
	}
	col := column{feature: uint32(n.Feature), set: isSet, tiny: -1}
	c.rule(&col, n.Missing)
	in := set{}
	if isSet {
		if n.Test == In {
			col.out = 1
		}
		in = set{uint32(len(c.words)), uint32(len(words))}
		c.words = append(append(c.words, words...), 0)
	}
	if c.known == nil {
		c.known = map[key]uint32{}
	}
	at = uint32(len(c.list))
	c.list, c.sets = append(c.list, col), append(c.sets, in)
	c.known[k] = at
	return at
}

// wordsOf returns the words of a column's set.
func (c *columns) wordsOf(at uint32) []uint32 {
	s := c.sets[at]
	return c.words[s.first:][:s.count]
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
