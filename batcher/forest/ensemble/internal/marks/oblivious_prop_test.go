package marks

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestOblivious compares programs of random oblivious trees with walks, for tiles and for single rows.
func TestOblivious(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		checkOblivious[float64](t, rand.New(rand.NewPCG(seed, 0)))
		checkOblivious[float32](t, rand.New(rand.NewPCG(seed, 0)))
	})
}

type obliviousTree[F float32 | float64] struct {
	levels []Level
	values []F
}

func anyOblivious[F float32 | float64](r *rand.Rand, columns, depth int) (t obliviousTree[F]) {
	for range depth {
		t.levels = append(t.levels, Level{r.IntN(columns), uint8(r.IntN(MaxSplits))})
	}
	for range 1 << depth {
		t.values = append(t.values, F(r.NormFloat64()))
	}
	return t
}

func (t *obliviousTree[F]) walk(ranks [][Rows]uint8, row int) F {
	leaves := t.values
	for _, l := range t.levels {
		half := len(leaves) / 2
		if ranks[l.Column][row] <= l.Rank {
			leaves = leaves[:half]
		} else {
			leaves = leaves[half:]
		}
	}
	return leaves[0]
}

func checkOblivious[F float32 | float64](t *rapid.T, r *rand.Rand) {
	var b ObliviousBuilder[F]
	columns, depth, count := 1+r.IntN(20), r.IntN(MaxLevels+1), 1+r.IntN(40)
	if r.IntN(4) == 0 {
		count = 1 + r.IntN(600)
	}
	for range 2 { // a builder makes several programs
		trees := make([]obliviousTree[F], count)
		b.Begin(r.IntN(1000))
		for i := range trees {
			if r.IntN(4) == 0 {
				depth = r.IntN(MaxLevels + 1)
			}
			trees[i] = anyOblivious[F](r, columns, depth)
			b.Add(trees[i].levels, trees[i].values)
		}
		compareOblivious(t, r, b.Program(), trees, columns)
	}
}

func compareOblivious[F float32 | float64](t *rapid.T, r *rand.Rand, p *Oblivious[F], trees []obliviousTree[F], columns int) {
	ranks, used := make([][Rows]uint8, columns), 1+r.IntN(Rows)
	for i := range ranks {
		for row := range ranks[i] {
			ranks[i][row] = uint8(r.IntN(256))
		}
	}
	want := make([]F, used)
	for row := range want {
		for i := range trees {
			want[row] += trees[i].walk(ranks, row)
		}
	}
	for name, tile := range tiles(columns) {
		single := NewRow(columns, tile.kind, tile.twin)
		tile.Use(used)
		for i := range ranks {
			for row, rank := range ranks[i] {
				tile.Columns[i].Set(row, rank)
			}
		}
		tile.Ranked()
		var sums [Rows]F
		p.Add([]*Tile{tile}, sums[:])
		for row, want := range want {
			if sums[row] != want {
				t.Fatalf("%s: the sum of row %d of %d is %v, want %v", name, row, used, sums[row], want)
			}
			for i := range ranks {
				single.Set(i, ranks[i][row])
			}
			var sum F
			if p.AddRow(single, &sum); sum != want {
				t.Fatalf("%s: the sum of row %d alone is %v, want %v", name, row, sum, want)
			}
		}
	}
}

// TestRowRanks compares the ranks of a single row's features with counting, for any rules and splits.
func TestRowRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		row := make([]float32, 1+r.IntN(20))
		columns := 1 + r.IntN(40)
		if r.IntN(8) == 0 {
			columns = 2*rankedTogether + 1
		}
		var ranking Ranking
		var all []Splits
		for i := range columns {
			rule := Rule{Tiny: []int32{-1, 0, 1000}[r.IntN(3)], Zero: anyNumber(r), NaN: []int32{math.MinInt32, 0, math.MaxInt32}[r.IntN(3)]}
			s := NewSplits(0, i, rule, anySplits(r, 1+r.IntN(MaxSplits)))
			feature := r.IntN(len(row))
			ranking.Add(feature, s)
			all = append(all, s)
			row[feature] = math.Float32frombits(uint32(anyNumber(r)))
			if sorted := s.sorted(); r.IntN(4) == 0 {
				row[feature] = value(sorted[r.IntN(len(sorted))] + int32(r.IntN(3)) - 1)
			}
		}
		for name, tile := range tiles(1) {
			got := NewRow(columns, tile.kind, tile.twin)
			got.Rank(row, &ranking)
			for i, s := range all {
				rank, n := 0, s.number(row[ranking.splits[i].feature/rowBytes])
				for _, split := range s.sorted() {
					if split < n {
						rank++
					}
				}
				if got.ranks[i] != uint8(rank) {
					t.Fatalf("%s: the rank is %d among %d splits, want %d", name, got.ranks[i], s.Count(), rank)
				}
			}
		}
	})
}
