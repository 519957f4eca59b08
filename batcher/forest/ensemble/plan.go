package ensemble

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
)

// method is a way to score some rows. All give the same bits.
type method uint8

const (
	alone    method = iota // one row is walked, on several ways through the trees at once
	together               // the same, through packed trees, with gathers: not every processor is fast at these
	blocked                // rows are walked side by side
	ranked                 // the vector kernels score one row
	marked                 // they score the trees that fit, and others are walked
	methods
)

// step is what is done first for some rows: a method scores the first count of them.
type step struct {
	method method
	count  uint16
}

// plan has the first step by how many rows there are: up to 64, or more. It is chosen by times, and
// changes no bit.
type plan [marks.Rows + 2]step

// first returns the first step for some rows.
func (p *plan) first(rows int) step {
	do := p[min(rows, marks.Rows+1)]
	do.count = uint16(min(int(do.count), rows))
	return do
}

// sizes are the numbers of rows for which methods are measured: those between take as long as the next.
var sizes = [...]int{1, 8, 16, 24, 32, 40, 48, 56, 64, 128, 256}

// times has what a method takes for so many rows at once; 0: it does not score so many.
type times [methods][len(sizes)]time.Duration

// choose returns the fastest plan. Of more than 64 rows each step takes those that cost least each. Of methods
// that take as long the last is chosen: where the clock stands still meanwhile, as it does on Windows for half a
// millisecond, a vector kernel is the best guess.
func (t *times) choose() (p plan) {
	var best [marks.Rows + 1]time.Duration
	for rows := 1; rows <= marks.Rows; rows++ {
		for m := range t {
			for i, size := range sizes {
				cost := t[m][i]
				if cost == 0 {
					continue
				}
				first := min(rows, size)
				if all := cost + best[rows-first]; p[rows].count == 0 || all <= best[rows] {
					p[rows], best[rows] = step{method(m), uint16(first)}, all
				}
				if size >= rows {
					break
				}
			}
		}
	}
	many, least := &p[marks.Rows+1], time.Duration(0)
	for m := range t {
		for i, size := range sizes {
			// Compared as products, because a row may take less than a nanosecond of a step.
			if cost := t[m][i]; cost > 0 && (many.count == 0 || cost*time.Duration(many.count) <= least*time.Duration(size)) {
				*many, least = step{method(m), uint16(size)}, cost
			}
		}
	}
	return p
}

// only returns the plan with one method, for rows that it scores up to so many at once.
func only(m method, most int) (p plan) {
	for rows := 1; rows <= marks.Rows; rows++ {
		p[rows] = step{m, uint16(min(rows, most))}
	}
	p[marks.Rows+1] = step{m, uint16(most)}
	return p
}

// describe says in a few words how rows are scored, by how many there are: for people. kernel is the
// name of the vector kernels.
func (p *plan) describe(kernel string) string {
	names := [methods]string{"walk", "walk", "walk", kernel, kernel}
	var parts []string
	for first := 1; first < len(p); {
		name, end := names[p.mostly(first)], first
		for end < len(p) && names[p.mostly(end)] == name {
			end++
		}
		switch {
		case first == 1 && end == len(p):
			return name
		case end == len(p):
			name += fmt.Sprintf(" from %d rows", first)
		case first == 1 && end == 2:
			name += " for 1 row"
		case first == 1:
			name += fmt.Sprintf(" up to %d rows", end-1)
		case end == first+1:
			name += fmt.Sprintf(" for %d", first)
		default:
			name += fmt.Sprintf(" for %d to %d", first, end-1)
		}
		parts = append(parts, name)
		first = end
	}
	return strings.Join(parts, ", ")
}

// mostly returns the method that scores most of so many rows.
func (p *plan) mostly(rows int) method {
	var by [methods]int
	for left := rows; left > 0; {
		do := p.first(left)
		by[do.method] += int(do.count)
		left -= int(do.count)
	}
	most := alone
	for m := range methods {
		if by[m] >= by[most] {
			most = m
		}
	}
	return most
}

// Bounds of what the measurement of a model takes.
const (
	passes     = 4
	passesTime = 200 * time.Millisecond // then only the largest step of each method is measured, once
	poolRows   = 512
	poolFloats = 1 << 20 // or twice as many as are scored at once, if that is more
)

// measure returns what each method takes on this machine: the least of several passes, as whatever
// disturbs makes it longer.
//
// Whatever time is left, each method is measured with as many rows as it scores at once: a method without a
// time is in no plan.
func (m *Model) measure(limit time.Duration) *times {
	p, t := m.newProbe(), new(times)
	var most [methods]int // of the sizes
	for of := range methods {
		most[of] = m.largest(of)
	}
	until := time.Now().Add(limit)
	for pass := range passes {
		for i, size := range slices.Backward(sizes[:]) {
			for of, most := range most {
				if needed := pass == 0 && size == most; size > most || !needed && time.Now().After(until) {
					continue
				}
				if took := p.time(step{method(of), uint16(size)}); t[of][i] == 0 || took < t[of][i] {
					t[of][i] = took
				}
			}
		}
	}
	return t
}

// largest returns the most rows with which a method is measured; 0: none.
func (m *Model) largest(of method) int {
	most := m.most(of)
	for _, size := range slices.Backward(sizes[:]) {
		if size <= most {
			return size
		}
	}
	return 0
}

// probe scores rows that the model draws. No row is scored again before all others were: it would find its
// nodes and leaves in the caches.
type probe struct {
	scorer    *scorer
	rows, out []float32
	at        int // of the next row
}

func (m *Model) newProbe() *probe {
	dim, most := m.shape.Dim, max(m.most(marked), m.most(blocked), marks.Rows)
	p := &probe{scorer: m.newScorer(), out: make([]float32, most*m.shape.Outputs)}
	p.rows = make([]float32, dim*max(2*most, min(poolRows, poolFloats/dim)))
	m.Sample(p.rows, dim, rand.New(rand.NewPCG(1, 1)))
	return p
}

// time returns what a step takes: on average, if it scores fewer than 64 rows. It is never 0. Before, as
// many steps bring what the method reads into the caches.
func (p *probe) time(do step) time.Duration {
	calls := max(1, marks.Rows/int(do.count))
	p.score(do, calls)
	begin := time.Now()
	p.score(do, calls)
	return max(1, time.Since(begin)/time.Duration(calls))
}

// score takes a step some times.
func (p *probe) score(do step, calls int) {
	dim, outputs, count := p.scorer.model.shape.Dim, p.scorer.model.shape.Outputs, int(do.count)
	for range calls {
		if (p.at+count)*dim > len(p.rows) {
			p.at = 0
		}
		p.scorer.do(do, p.rows[p.at*dim:], dim, p.out[:count*outputs])
		p.at += count
	}
}

// most returns how many rows a method can score at once in this model; 0: none.
func (m *Model) most(of method) int {
	switch {
	case of == alone:
		return 1
	case of == together && m.together:
		return 1
	case of == ranked && m.vectors != nil && m.vectors.row != nil:
		return 1
	case of == blocked && m.functionOf == nil:
		return lanes * m.blocks()
	case of == marked && m.vectors != nil && m.walked:
		return marks.Rows // as many as the walk beside it takes
	case of == marked && m.vectors != nil:
		return marks.Rows * m.tiles()
	}
	return 0
}

// Tiles go through a program together if it is too large for the near caches, and if there are few sums.
const (
	nearBytes = 1 << 20
	tiles     = 4
)

// tiles returns how many tiles of rows go through the programs together.
func (m *Model) tiles() int {
	size := 0
	for i := range m.segments {
		size = max(size, m.segments[i].bytes())
	}
	near := size < nearBytes && m.config.forced == nil // tests have small models
	if near || m.config.Groups > fewGroups {
		return 1
	}
	return tiles
}

// forced is how tests have rows scored, instead of by a plan that is measured.
type forced struct {
	method method // if the model has it; else alone
	twin   bool   // the vector kernels' algorithm without their instructions
}

// makePlan chooses how rows are scored.
func (m *Model) makePlan() {
	f := m.config.forced
	switch {
	case f != nil && m.most(f.method) > 0:
		m.plan = only(f.method, m.most(f.method))
	case f != nil, m.most(blocked) == 0 && m.most(marked) == 0:
		m.plan = only(alone, 1)
	case m.small():
		m.plan = m.unmeasured()
	default:
		m.plan = m.measure(passesTime).choose()
	}
}

// small reports whether a model is not worth a measurement, whose memory and time are in proportion to
// the features and outputs.
func (m *Model) small() bool { return len(m.nodes) < max(512, m.config.Dim/8, m.config.Groups) }

// unmeasured returns a plan that does well for small models.
func (m *Model) unmeasured() plan {
	const few = 5
	p := only(blocked, m.most(blocked))
	for rows := 1; rows <= few; rows++ {
		p[rows] = step{alone, 1}
	}
	return p
}
