package marks

import (
	"slices"

	"github.com/disrust/disrust/batcher/kernel"
)

// AddRow adds the values of the leaves to which the trees lead a row.
func (p *Program[F]) AddRow(r *Row, sum *F) {
	_ = r.ranks[:r.columns][p.column]
	fan := len(p.fan.counts) > 0 && (r.kind >= kernel.AVX512 || r.twin)
	switch {
	case fan && r.twin:
		*sum = fanTwin(&p.fan, p.lone.values, r.ranks, p.values, *sum)
	case fan:
		p.addFan(r, sum)
	case r.twin:
		*sum = walkTwin(&p.lone, r.ranks, p.values, *sum)
	default:
		p.addLone(r, sum)
	}
}

// addLone walks the row through the trees.
func (p *Program[F]) addLone(r *Row, sum *F) {
	l := &p.lone
	from := 0
	for _, to := range l.calls {
		words, roots, firsts, count := &l.words[0], &l.roots[from], &l.values[from], min(to, (l.trees+7)&^7)-from
		switch sum := any(sum).(type) {
		case *float64:
			r.loneDouble(words, roots, firsts, count, any(&p.values[0]).(*float64), sum)
		case *float32:
			r.loneSingle(words, roots, firsts, count, any(&p.values[0]).(*float32), sum)
		}
		from = to
	}
}

// addFan makes the marks that the row leaves to the trees.
func (p *Program[F]) addFan(r *Row, sum *F) {
	f, ranks, firsts := &p.fan, &r.ranks[0], p.lone.values
	chunks := f.chunks
	for counts := range slices.Chunk(f.counts, fanCall/fanTrees) {
		switch sum := any(sum).(type) {
		case *float64:
			fanDouble512(&counts[0], len(counts), &chunks[0].columns[0], &firsts[0], ranks, any(&p.values[0]).(*float64), sum)
		case *float32:
			fanSingle512(&counts[0], len(counts), &chunks[0].columns[0], &firsts[0], ranks, any(&p.values[0]).(*float32), sum)
		}
		for _, count := range counts {
			chunks = chunks[count:]
		}
		firsts = firsts[fanTrees*len(counts):]
	}
}

func (r *Row) loneDouble(words, roots, firsts *uint32, count int, values, sum *float64) {
	switch {
	case r.kind < kernel.AVX512:
		loneDouble(words, roots, firsts, count, &r.ranks[0], values, sum)
	case r.columns <= permuted:
		loneDouble512(words, roots, firsts, count, &r.ranks[0], values, sum)
	default:
		loneManyDouble512(words, roots, firsts, count, &r.ranks[0], values, sum)
	}
}

func (r *Row) loneSingle(words, roots, firsts *uint32, count int, values, sum *float32) {
	switch {
	case r.kind < kernel.AVX512:
		loneSingle(words, roots, firsts, count, &r.ranks[0], values, sum)
	case r.columns <= permuted:
		loneSingle512(words, roots, firsts, count, &r.ranks[0], values, sum)
	default:
		loneManySingle512(words, roots, firsts, count, &r.ranks[0], values, sum)
	}
}
