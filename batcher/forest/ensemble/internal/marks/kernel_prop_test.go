package marks

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
	"pgregory.net/rapid"
)

// tiles returns a tile of each kind that this processor has, and a twin.
func tiles(columns int) map[string]*Tile {
	all := map[string]*Tile{"twin": NewTiles(1, columns, kernel.Portable, true)[0]}
	for _, k := range kernel.All()[1:] {
		all[k.String()] = NewTiles(1, columns, k, false)[0]
	}
	return all
}

// TestRanks compares the ranks of hostile features with counting, for any rule and splits.
func TestRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rule := Rule{Tiny: []int32{-1, 0, 1000}[r.IntN(3)], Zero: anyNumber(r), NaN: []int32{math.MinInt32, 0, math.MaxInt32}[r.IntN(3)]}
		sorted := anySplits(r, 1+r.IntN(MaxSplits))
		splits := NewSplits(3, 0, rule, sorted)
		used := 1 + r.IntN(Rows)
		for name, tile := range tiles(1) {
			tile.Use(used)
			for row := range Rows {
				tile.Features[3][row] = math.Float32frombits(uint32(anyNumber(r)))
				if r.IntN(4) == 0 {
					tile.Features[3][row] = value(sorted[r.IntN(len(sorted))] + int32(r.IntN(3)) - 1)
				}
			}
			tile.Rank([]Splits{splits})
			for row := range used {
				var want Column
				n, rank := splits.number(tile.Features[3][row]), 0
				for _, s := range sorted {
					if s < n {
						rank++
					}
				}
				want.Set(row, uint8(rank))
				if got := tile.Columns[0]; got[row] != want[row] || got[Rows+row] != want[Rows+row] {
					t.Fatalf("%s: row %d has the rank %d among %d splits, want %d", name, row, got[row]^bias, len(sorted), rank)
				}
			}
		}
	})
}

func value(number int32) float32 {
	if number < 0 {
		return -math.Float32frombits(uint32(-number))
	}
	return math.Float32frombits(uint32(number))
}

func anyNumber(r *rand.Rand) int32 {
	if r.IntN(2) == 0 {
		return []int32{0, 1, -1, 0x7f800000, -0x7f800000, 0x7f800001, math.MinInt32, math.MaxInt32}[r.IntN(8)]
	}
	return int32(r.Uint32())
}

func anySplits(r *rand.Rand, count int) []int32 {
	var all []int32
	for range count {
		all = append(all, min(anyNumber(r), math.MaxInt32-1))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestLoad compares features of rows that lie apart with the rows.
func TestLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		features, count := 1+r.IntN(8), 1+r.IntN(Rows)
		if r.IntN(2) == 0 {
			features = 8
		}
		stride := features + r.IntN(9)
		rows := make([]float32, (count-1)*stride+features)
		for i := range rows {
			rows[i] = r.Float32()
		}
		for name, tile := range tiles(1) {
			tile.Load(rows, stride, features, count)
			for row := range count {
				for i := range features {
					if got, want := tile.Features[i][row], rows[row*stride+i]; got != want {
						t.Fatalf("%s: row %d has feature %d = %v, want %v", name, row, i, got, want)
					}
				}
			}
		}
	})
}

// TestProgram compares programs of random trees with walks.
func TestProgram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		checkProgram[float64](t, rand.New(rand.NewPCG(seed, 0)))
		checkProgram[float32](t, rand.New(rand.NewPCG(seed, 0)))
	})
}

type tree[F float32 | float64] struct {
	nodes  []Node
	values []F
}

func checkProgram[F float32 | float64](t *rapid.T, r *rand.Rand) {
	b := Builder[F]{Fans: r.IntN(2) == 0}
	columns := 1 + r.IntN(20)
	if r.IntN(4) == 0 {
		columns = 1 + r.IntN(300)
	}
	trees, most := make([]tree[F], 1+r.IntN(40)), MaxLeaves
	if r.IntN(2) == 0 {
		most = fanLeaves // so that the program gets a fan
	}
	for i := range trees {
		leaves := 1 + r.IntN(min(40, most))
		if r.IntN(4) == 0 {
			leaves = 1 + r.IntN(most)
		}
		trees[i] = anyTree[F](r, columns, leaves)
		b.Add(trees[i].nodes, trees[i].values)
	}
	p := b.Program()
	ranks, used := make([][Rows]uint8, columns), 1+r.IntN(Rows)
	for i := range ranks {
		for row := range ranks[i] {
			ranks[i][row] = uint8(r.IntN(256))
		}
	}
	for name, tile := range tiles(columns) {
		tile.Use(used)
		var sums [Rows]F
		for i := range ranks {
			for row, rank := range ranks[i] {
				tile.Columns[i].Set(row, rank)
			}
		}
		tile.Ranked()
		p.Add([]*Tile{tile}, sums[:])
		for row := range used {
			var want F
			for i := range trees {
				want += trees[i].walk(ranks, row)
			}
			if sums[row] != want {
				t.Fatalf("%s: the sum of row %d of %d is %v, want %v", name, row, used, sums[row], want)
			}
			single, sum := NewRow(columns, tile.kind, tile.twin), F(0)
			for i := range ranks {
				single.Set(i, ranks[i][row])
			}
			if p.AddRow(single, &sum); sum != want {
				t.Fatalf("%s: the sum of row %d alone is %v, want %v", name, row, sum, want)
			}
		}
	}
}

func (t *tree[F]) walk(ranks [][Rows]uint8, row int) F {
	at := int32(0)
	if len(t.nodes) == 0 {
		at = ^0
	}
	for at >= 0 {
		n := &t.nodes[at]
		if at = n.Right; ranks[n.Column][row] <= n.Rank {
			at = n.Left
		}
	}
	return t.values[^at]
}

// anyTree returns a tree in which each split is made of a random leaf, or of the last one.
func anyTree[F float32 | float64](r *rand.Rand, columns, leaves int) tree[F] {
	t := tree[F]{values: make([]F, leaves)}
	for i := range t.values {
		t.values[i] = F(r.NormFloat64())
	}
	chain := r.IntN(4) == 0
	open := []*int32{new(int32)}
	t.nodes = make([]Node, 0, leaves)
	for len(open) < leaves {
		i := r.IntN(len(open))
		if chain {
			i = len(open) - 1
		}
		*open[i] = int32(len(t.nodes))
		t.nodes = append(t.nodes, Node{Column: r.IntN(columns), Rank: uint8(r.IntN(MaxSplits))})
		n := &t.nodes[len(t.nodes)-1]
		open[i] = &n.Left
		open = append(open, &n.Right)
	}
	for i, to := range open {
		*to = ^int32(i)
	}
	return t
}
