package ensemble

import (
	"cmp"
	"slices"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
	"github.com/disrust/disrust/batcher/kernel"
)

// vectors is what the vector kernels know of a model: how the features of a row become ranks. The
// programs that look at the ranks are in the segments.
//
// Each column with a split in a tree that fits becomes a column of ranks. One with more than 255
// splits becomes several: each node looks at the one that has its split.
type vectors struct {
	eights []eight
	ranked []marks.Splits // those of the eights, one after the other
	ranks  int            // columns: one for each of those, and one for each categorical split
	row    *marks.Ranking // nil: no kernel scores single rows of the model

	// What the nodes look at, of each column; only until the programs are compiled.
	splits [][]int32
	first  []int
}

// eight is up to eight neighbouring features, and the columns that look at them.
type eight struct {
	feature, count int
	ranked         span
}

// newVectors returns nil if the model must do without.
func (m *Model) newVectors() *vectors {
	fit := 0
	for i := range m.trees {
		if m.fits(&m.trees[i]) {
			fit++
		}
	}
	if fit == 0 || fit < len(m.trees) && lanes*m.blocks() < marks.Rows {
		return nil
	}
	v := &vectors{splits: make([][]int32, len(m.columns)), first: make([]int, len(m.columns))}
	v.collect(m)
	v.ranks = len(m.columns) - m.plain
	for i := range m.plain {
		v.ranks += (len(v.splits[i]) + marks.MaxSplits - 1) / marks.MaxSplits
	}
	if v.ranks > marks.MaxColumns {
		return nil
	}
	v.arrange(m)
	if fit == len(m.trees) {
		v.row = v.ranking()
	}
	return v
}

// hasKernel reports whether the model may use a vector kernel.
func (m *Model) hasKernel() bool { return m.config.Kernel != kernel.Portable || m.twin() }

// twin reports whether the vector kernels do without their instructions.
func (m *Model) twin() bool { return m.config.forced != nil && m.config.forced.twin }

// fits reports whether a vector kernel can score a tree.
func (m *Model) fits(t *tree) bool {
	return m.hasKernel() && m.functionOf == nil && t.leaves <= marks.MaxLeaves
}

// collect finds the splits of each column.
func (v *vectors) collect(m *Model) {
	counts, all := make([]int, len(m.columns)), 0
	m.eachSplit(func(n *node) { counts[n.column]++; all++ })
	room := make([]int32, all)
	for i, count := range counts {
		v.splits[i], room = room[:0:count], room[count:]
	}
	m.eachSplit(func(n *node) { v.splits[n.column] = append(v.splits[n.column], n.split) })
	for i, s := range v.splits {
		slices.Sort(s)
		v.splits[i] = slices.Compact(s)
	}
}

// eachSplit calls do with the nodes of the trees that fit, and with one for each level of an oblivious
// tree.
func (m *Model) eachSplit(do func(*node)) {
	for i := range m.trees {
		t := &m.trees[i]
		if t.depth == 0 || !m.fits(t) {
			continue
		}
		do(&t.root)
		if t.oblivious {
			for level := 1; level < int(t.depth); level++ {
				do(m.splitOf(t, level))
			}
			continue
		}
		nodes := m.nodesOf(t)
		for at := range nodes {
			if nodes[at].slot == 0 {
				do(&nodes[at])
			}
		}
	}
}

// nodesOf returns the nodes of a tree, without the root.
func (m *Model) nodesOf(t *tree) []node { return m.nodes[t.root.next:][:t.nodes] }

// arrange makes the columns of ranks, and gathers those of neighbouring features.
func (v *vectors) arrange(m *Model) {
	order := make([]int, m.plain)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.columns[a].feature, m.columns[b].feature) })
	for _, i := range order {
		c := &m.columns[i]
		v.first[i] = len(v.ranked)
		for part := range slices.Chunk(v.splits[i], marks.MaxSplits) {
			e := v.eightOf(int(c.feature), m.config.Dim)
			rule := marks.Rule{Tiny: c.tiny, Zero: c.zero, NaN: c.nan}
			v.ranked = append(v.ranked, marks.NewSplits(int(c.feature)-e.feature, len(v.ranked), rule, part))
			e.ranked.end = uint32(len(v.ranked))
		}
	}
	for _, e := range v.eights {
		slices.SortFunc(v.of(e), func(a, b marks.Splits) int { return cmp.Compare(a.Count(), b.Count()) })
	}
	v.ranks = len(v.ranked)
	for i := m.plain; i < len(m.columns); i++ {
		v.first[i] = v.ranks
		v.ranks++
	}
}

// of returns what ranks some features.
func (v *vectors) of(e eight) []marks.Splits { return v.ranked[e.ranked.first:e.ranked.end] }

// eightOf returns the features among which the next column's is.
func (v *vectors) eightOf(feature, dim int) *eight {
	last := len(v.eights) - 1
	if last < 0 || feature >= v.eights[last].feature+marks.Features {
		at := uint32(len(v.ranked))
		v.eights = append(v.eights, eight{max(0, min(feature, dim-marks.Features)), min(marks.Features, dim), span{at, at}})
		last++
	}
	return &v.eights[last]
}

// ranking returns what ranks a single row.
func (v *vectors) ranking() *marks.Ranking {
	var r marks.Ranking
	for _, e := range v.eights {
		for _, s := range v.of(e) {
			r.Add(e.feature+s.Feature(), s)
		}
	}
	return &r
}

// look returns the column of ranks that a node looks at, and the rank up to which rows go left.
func (v *vectors) look(n *node) (column int, rank uint8) {
	at, _ := slices.BinarySearch(v.splits[n.column], n.split)
	return v.first[n.column] + at/marks.MaxSplits, uint8(at % marks.MaxSplits)
}

func (v *vectors) bytes() int {
	if v == nil {
		return 0
	}
	size := bytes(v.eights) + bytes(v.ranked) + v.row.Bytes()
	for i := range v.ranked {
		size += v.ranked[i].Bytes()
	}
	return size
}
