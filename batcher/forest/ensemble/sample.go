package ensemble

import (
	"math"
	"math/rand/v2"
)

// samples is how many splits of a column Sample draws from.
const samples = 64

// Sample implements [batcher.Sampler]. A feature that the trees look at is drawn around the
// thresholds of its splits, or from their categories. It is NaN now and then where a split has a
// rule for that. Other features are normally distributed.
func (m *Model) Sample(rows []float32, dim int, random *rand.Rand) {
	splits, columns := m.someSplits(random), m.columnsOf()
	for i := range rows {
		of := columns[i%dim]
		if len(of) == 0 {
			rows[i] = float32(random.NormFloat64())
			continue
		}
		at := of[random.IntN(len(of))]
		rows[i] = m.columns[at].sample(splits[at], m.sets[at].count, random)
	}
}

// columnsOf returns the columns of each feature that nodes look at.
func (m *Model) columnsOf() [][]uint32 {
	columns := make([][]uint32, m.config.Dim)
	for i, c := range m.columns {
		columns[c.feature] = append(columns[c.feature], uint32(i))
	}
	return columns
}

// someSplits returns splits of each column, drawn evenly from those of all nodes.
func (m *Model) someSplits(random *rand.Rand) [][]int32 {
	splits, seen := make([][]int32, len(m.columns)), make([]int, len(m.columns))
	one := func(n *node) {
		if n.split == math.MaxInt32 || n.slot != 0 {
			return // no split, or a root that others stand for as well
		}
		of := splits[n.column]
		seen[n.column]++
		if len(of) < samples {
			splits[n.column] = append(of, n.split)
		} else if at := random.IntN(seen[n.column]); at < samples {
			of[at] = n.split
		}
	}
	for i := range m.trees {
		one(&m.trees[i].root)
	}
	for i := range m.nodes {
		one(&m.nodes[i])
	}
	return splits
}

// sample draws a feature that this column, perhaps with a set of some words, looks at.
func (c *column) sample(splits []int32, words uint32, random *rand.Rand) float32 {
	const missing = 1.0 / 32
	switch {
	case c.nan != 0 && random.Float64() < missing:
		return float32(math.NaN())
	case c.set:
		return float32(random.Uint32N(32 * (words + 1)))
	case len(splits) == 0:
		return float32(random.NormFloat64())
	}
	low, high := splits[random.IntN(len(splits))], splits[random.IntN(len(splits))]
	x := value(low)
	if y := value(high); random.Float32() < 0.5 && finite(x) && finite(y) {
		return x + (y-x)*random.Float32()
	}
	return value(low + random.Int32N(2)) // the last value on the left of a split, or the first on the right
}

func finite(x float32) bool { return magnitude(x) < infinity }

// value returns the feature with this number, or one of the infinities if there is none.
func value(number int32) float32 {
	number = max(-infinity, min(number, infinity))
	if number < 0 {
		return -math.Float32frombits(uint32(-number))
	}
	return math.Float32frombits(uint32(number))
}
