package marks

import (
	"slices"

	"github.com/disrust/disrust/batcher/kernel"
)

// addRow is Add for one row.
func (p *Program[F]) addRow(t *Tile, sums *[Rows]F) {
	fan := len(p.fan.counts) > 0 && (t.kind >= kernel.AVX512 || t.twin)
	switch {
	case fan && t.twin:
		sums[0] = fanTwin(&p.fan, p.lone.values, t.ranks, p.values, sums[0])
	case fan:
		p.addFan(t, sums)
	case t.twin:
		sums[0] = walkTwin(&p.lone, t.ranks, p.values, sums[0])
	default:
		p.addLone(t, sums)
	}
}

// addLone walks the row through the trees.
func (p *Program[F]) addLone(t *Tile, sums *[Rows]F) {
	l := &p.lone
	from := 0
	for _, to := range l.calls {
		words, roots, firsts, count := &l.words[0], &l.roots[from], &l.values[from], min(to, (l.trees+7)&^7)-from
		switch sums := any(sums).(type) {
		case *[Rows]float64:
			t.loneDouble(words, roots, firsts, count, any(&p.values[0]).(*float64), &sums[0])
		case *[Rows]float32:
			t.loneSingle(words, roots, firsts, count, any(&p.values[0]).(*float32), &sums[0])
		}
		from = to
	}
}

// addFan makes the marks that the row leaves to the trees.
func (p *Program[F]) addFan(t *Tile, sums *[Rows]F) {
	f, ranks, firsts := &p.fan, &t.ranks[0], p.lone.values
	chunks := f.chunks
	for counts := range slices.Chunk(f.counts, fanCall/fanTrees) {
		switch sums := any(sums).(type) {
		case *[Rows]float64:
			fanDouble512(&counts[0], len(counts), &chunks[0].columns[0], &firsts[0], ranks, any(&p.values[0]).(*float64), &sums[0])
		case *[Rows]float32:
			fanSingle512(&counts[0], len(counts), &chunks[0].columns[0], &firsts[0], ranks, any(&p.values[0]).(*float32), &sums[0])
		}
		for _, count := range counts {
			chunks = chunks[count:]
		}
		firsts = firsts[fanTrees*len(counts):]
	}
}

func (t *Tile) loneDouble(words, roots, firsts *uint32, count int, values, sum *float64) {
	switch {
	case t.kind < kernel.AVX512:
		loneDouble(words, roots, firsts, count, &t.ranks[0], values, sum)
	case len(t.Columns) <= permuted:
		loneDouble512(words, roots, firsts, count, &t.ranks[0], values, sum)
	default:
		loneManyDouble512(words, roots, firsts, count, &t.ranks[0], values, sum)
	}
}

func (t *Tile) loneSingle(words, roots, firsts *uint32, count int, values, sum *float32) {
	switch {
	case t.kind < kernel.AVX512:
		loneSingle(words, roots, firsts, count, &t.ranks[0], values, sum)
	case len(t.Columns) <= permuted:
		loneSingle512(words, roots, firsts, count, &t.ranks[0], values, sum)
	default:
		loneManySingle512(words, roots, firsts, count, &t.ranks[0], values, sum)
	}
}
