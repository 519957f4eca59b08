// Package cost measures what a model takes for a row.
//
// The rows are the model's own [batcher.Sampler]'s, or normally distributed. They differ from call
// to call, because a processor that sees a row again predicts every branch of a tree.
package cost

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/disrust/disrust/batcher"
)

// FewRows is the size of a small batch.
const FewRows = 8

// Cost is what a model takes for a row.
type Cost struct {
	Single  Figure // a row alone
	Few     Figure // a row of a batch of FewRows, or of Rows if that is less
	Batched Figure // a row of a batch of Rows
	Rows    int
}

// Figure is a time per row: the median of several measurements, and the least of them.
type Figure struct{ Median, Least time.Duration }

// String writes the medians in microseconds, in two digits or more.
func (c Cost) String() string {
	few := ""
	if c.Rows > FewRows {
		few = fmt.Sprintf(", %s of %d", micros(c.Few.Median), FewRows)
	}
	return fmt.Sprintf("%s us a row alone%s and %s of %d", micros(c.Single.Median), few, micros(c.Batched.Median), c.Rows)
}

func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case us < 1:
		return fmt.Sprintf("%.2f", us)
	case us < 10:
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}

const (
	// sample bounds the features of a call. Twice as many are drawn, so that no row follows itself.
	sample = 1 << 20

	passes   = 8                // of each size, if the model is fast enough
	passTime = time.Millisecond // about how long a pass takes
	maxCalls = 256              // of a pass
)

// Measure scores rows one by one, then in batches of FewRows, and then in batches of rows, or of
// fewer if a model is so slow that these would not fit into limit. A model for which no two rows fit
// is not given batches: then Rows is 1, and the figures are the same. Besides a first call, which may
// have to warm up, and a call that has begun, it takes at most limit. Its error is the model's, or the
// cause of ctx's end, which it notices between two calls.
func Measure(ctx context.Context, m batcher.Model, dim, rows int, limit time.Duration) (Cost, error) {
	rows = max(1, min(rows, sample/dim))
	p := &probe{
		ctx: ctx, scorer: m.NewScorer(), dim: dim, outputs: m.Shape().Outputs,
		rows: Rows(m, dim, max(2*rows, min(maxCalls, sample/dim)), 1),
	}
	p.out = make([]float32, rows*p.outputs)
	c := Cost{Rows: rows}
	if err := p.call(1); err != nil {
		return c, err
	}
	p.until = time.Now().Add(limit)
	var err error
	if c.Single, err = p.measure(1); err != nil {
		return c, err
	}
	if c.Few, c.Rows, err = p.batches(c.Single, 1, min(FewRows, rows)); err != nil {
		return c, err
	}
	if c.Rows < min(FewRows, rows) {
		c.Batched = c.Few // no more fit, and no other size counts as few
		return c, nil
	}
	c.Batched, c.Rows, err = p.batches(c.Few, c.Rows, rows)
	return c, err
}

// batches measures batches of rows, or of as many as fit into the time that is left. For batches that
// are no larger than those of size last, it returns what is known of them.
func (p *probe) batches(known Figure, last, rows int) (Figure, int, error) {
	fit := time.Until(p.until) / passes / max(known.Least, 1)
	if rows = int(min(time.Duration(rows), fit)); rows <= last {
		return known, last, nil
	}
	f, err := p.measure(rows)
	return f, rows, err
}

// Rows draws count rows of dim features. The same seed draws the same rows.
func Rows(m batcher.Model, dim, count int, seed uint64) []float32 {
	rows := make([]float32, count*dim)
	Draw(m, rows, dim, rand.New(rand.NewPCG(seed, 0)))
	return rows
}

// Draw fills rows, a packed matrix of dim features per row.
func Draw(m batcher.Model, rows []float32, dim int, random *rand.Rand) {
	if s, ok := m.(batcher.Sampler); ok {
		s.Sample(rows, dim, random)
		return
	}
	for i := range rows {
		rows[i] = float32(random.NormFloat64())
	}
}

type probe struct {
	ctx     context.Context
	scorer  batcher.Scorer
	dim     int
	outputs int
	rows    []float32
	at      int // of the next row
	out     []float32
	until   time.Time
}

// call scores the next count rows.
func (p *probe) call(count int) error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	if (p.at+count)*p.dim > len(p.rows) {
		p.at = 0
	}
	rows := p.rows[p.at*p.dim : (p.at+count)*p.dim]
	p.at += count
	return p.scorer.Score(rows, p.dim, p.out[:count*p.outputs])
}

// measure returns what a row takes in calls of count rows.
func (p *probe) measure(count int) (Figure, error) {
	var each []time.Duration
	for calls := 1; len(each) < passes && (len(each) == 0 || time.Now().Before(p.until)); {
		began := time.Now()
		for range calls {
			if err := p.call(count); err != nil {
				return Figure{}, err
			}
		}
		took := time.Since(began)
		each = append(each, took/time.Duration(calls*count))
		if len(each) == 1 && calls == 1 && took < passTime/2 { // this pass only says how many calls the others need
			calls = int(min(maxCalls, passTime/max(took, 1)))
			each = each[:0]
		}
	}
	slices.Sort(each)
	return Figure{each[len(each)/2], each[0]}, nil
}
