//go:build linux

package server

import (
	"context"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher"
)

// handOver is about what it costs to hand a row to another thread and its score back. A
// model is costly if it takes longer than this per row. With a cheaper model, an I/O thread
// scores the rows itself in less time.
const handOver = time.Microsecond

// cpus is the number of CPUs that this process may use. It respects a container's quota.
var cpus = min(runtime.NumCPU(), runtime.GOMAXPROCS(0))

// settle checks c, decides what c leaves to the server, and returns where batches are
// scored. Its errors are sentences for the person who chose c.
func (c *Config) settle(ctx context.Context) (BatchThreads, error) {
	if err := c.check(ctx); err != nil {
		return Auto, err
	}
	return c.place(ctx)
}

// place returns where batches are scored, and sets the number of I/O threads if c leaves
// it open.
//
// Half of the CPUs are enough I/O threads for a cheap model. The kernel's network stack and
// the clients need the other CPUs, and fewer threads are awake for longer and do more in
// each turn. A costly model that is scored inline gets an I/O thread on every CPU but one.
// A batch thread is worth the hand-over only beside a single I/O thread, because several I/O
// threads score more than one batch thread does.
//
// Its error is that of the model, if place measures it, or the cause of ctx's end.
func (c *Config) place(ctx context.Context) (BatchThreads, error) {
	if c.IOThreads > 0 && c.BatchThreads != Auto {
		return c.BatchThreads, nil
	}
	costly := false
	if c.BatchThreads != Dedicated && cpus > 1 { // otherwise the model's cost does not matter
		var err error
		if costly, err = c.costly(ctx); err != nil {
			return Auto, err
		}
	}
	if c.IOThreads == 0 {
		threads := cpus / 2
		if costly {
			threads = cpus - 1
		}
		c.IOThreads = max(1, min(threads, Allowed.IOThreads.High, c.RequestRing))
	}
	switch {
	case c.BatchThreads != Auto:
		return c.BatchThreads, nil
	case costly && c.IOThreads == 1:
		return Dedicated, nil
	}
	return Inline, nil
}

// measureFor bounds how long the model is measured, in addition to its first call and to one
// that has begun.
const measureFor = time.Second

// costly measures the model and reports whether it takes longer per row than a hand-over.
func (c *Config) costly(ctx context.Context) (bool, error) {
	const sample = 1 << 20 // features
	rows := max(1, min(c.MaxVectors, 64, sample/c.Dim))
	return ask(ctx, c, func() (bool, error) { return costly(ctx, c.Model, c.Dim, rows) })
}

// costly scores batches of zeros, of one row and then of rows rows, until it is decided whether
// the model takes longer per row than a hand-over. A single fast batch says that it does not:
// anything may have delayed the others. If the model takes as long for one row as a hand-over
// takes for a whole batch, larger batches need not be tried. A model that has not been fast for
// a second is costly.
func costly(ctx context.Context, model batcher.Model, dim, rows int) (bool, error) {
	const tries = 8
	scorer, outputs := model.NewScorer(), model.Shape().Outputs
	in, out := make([]float32, rows*dim), make([]float32, rows*outputs)
	score := func(rows int) (time.Duration, error) {
		start := time.Now()
		err := scorer.Score(in[:rows*dim], dim, out[:rows*outputs])
		return time.Since(start), err
	}
	if _, err := score(1); err != nil { // it may be slow, as the model may have to warm up
		return false, err
	}
	limit, began := time.Duration(rows)*handOver, time.Now()
	for _, size := range []int{1, rows} {
		fast := false
		for try := 0; try < tries && !fast; try++ {
			if ctx.Err() != nil {
				return false, context.Cause(ctx)
			}
			took, err := score(size)
			if err != nil {
				return false, err
			}
			if fast = took < limit; !fast && time.Since(began) > measureFor {
				return true, nil
			}
		}
		if !fast {
			return true, nil
		}
	}
	return false, nil
}

func (b BatchThreads) String() string {
	switch b {
	case Inline:
		return "inline"
	case Dedicated:
		return "on a thread of its own"
	}
	return "auto"
}
