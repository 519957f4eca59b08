package score

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/progress"
	"github.com/disrust/disrust/client/tools/rowfile"
)

// pipeline scores all rows of a source.
type pipeline struct {
	model   *forest.Model
	rows    source
	scores  *sink
	threads int
	counter *progress.Counter

	done int64 // rows whose scores were written
	cast rowfile.Cast

	// Each block is in one of these channels, or with one goroutine. All of them fit into each
	// channel, so that no send waits.
	free  chan *block
	work  chan *block
	order chan *block // as the source has them
}

// spareBlocks is how many blocks there are besides one for each worker: some that are read or written
// meanwhile, and some that are scored and wait for an earlier one.
const spareBlocks = 4

// run scores until the source ends, something fails, or ctx ends. Of several errors it returns the
// one that stands first in the file.
func (p *pipeline) run(ctx context.Context) error {
	count := 2*p.threads + spareBlocks
	p.free, p.work, p.order = make(chan *block, count), make(chan *block, count), make(chan *block, count)
	for range count {
		p.free <- &block{done: make(chan struct{}, 1)}
	}
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all.Go(func() { p.read(ctx) })
	for range p.threads {
		all.Go(func() { p.score(ctx) })
	}
	return p.write(ctx)
}

// read fills blocks.
func (p *pipeline) read(ctx context.Context) {
	defer close(p.order)
	defer close(p.work)
	for {
		var b *block
		select {
		case <-ctx.Done():
			return
		case b = <-p.free:
		}
		switch b.err = p.rows.fill(b); b.err {
		case nil:
			p.work <- b
			p.order <- b
		case io.EOF:
			return
		default:
			b.done <- struct{}{}
			p.order <- b
			return
		}
	}
}

// score turns blocks of rows into blocks of scores.
func (p *pipeline) score(ctx context.Context) {
	w, scorer := &scratch{}, p.model.NewScorer()
	for b := range p.work {
		if ctx.Err() == nil {
			b.err = p.scoreBlock(b, w, scorer)
		}
		b.done <- struct{}{}
	}
}

func (p *pipeline) scoreBlock(b *block, w *scratch, scorer batcher.Scorer) error {
	b.cast, b.out = rowfile.Cast{}, b.out[:0]
	if err := p.rows.decode(b, w); err != nil || b.rows == 0 {
		return err
	}
	shape := p.model.Shape()
	w.scores = sized(w.scores, b.rows*shape.Outputs)
	if err := scorer.Score(w.features, shape.Dim, w.scores); err != nil {
		return fmt.Errorf("the model fails: %w", err)
	}
	b.out = p.scores.encode(b.out, w.scores)
	return nil
}

// write writes the scores of blocks in their order.
func (p *pipeline) write(ctx context.Context) error {
	for b := range p.order {
		<-b.done
		if ctx.Err() != nil {
			break
		}
		if b.err != nil {
			return b.err
		}
		if _, err := p.scores.w.Write(b.out); err != nil {
			return fmt.Errorf("cannot write scores: %w", err)
		}
		p.done += int64(b.rows)
		p.cast.Add(b.cast)
		p.counter.Add(b.size)
		p.free <- b
	}
	return ctx.Err()
}
