//go:build linux

package server

import (
	"context"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/wire"
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
// A model whose cost does not matter is measured only if it is a [batcher.Sampler], whose cost the
// ready line says. The error of place is that of the model, or the cause of ctx's end.
func (c *Config) place(ctx context.Context) (BatchThreads, error) {
	_, draws := c.Model.(batcher.Sampler)
	decides := c.BatchThreads != Dedicated && cpus > 1 && (c.IOThreads == 0 || c.BatchThreads == Auto)
	if decides || draws {
		if err := c.measure(ctx); err != nil {
			return Auto, err
		}
	}
	if c.IOThreads > 0 && c.BatchThreads != Auto {
		return c.BatchThreads, nil
	}
	costly := decides && costly(c.cost)
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
const measureFor = time.Second / 2

// measure measures the model on rows that it draws itself or, if it draws none, on normally
// distributed ones.
func (c *Config) measure(ctx context.Context) (err error) {
	c.cost, err = ask(ctx, c, func() (cost.Cost, error) { return c.measureHere(ctx) })
	return err
}

func (c *Config) measureHere(ctx context.Context) (cost.Cost, error) {
	return cost.Measure(ctx, c.Model, c.Dim, wire.DefaultMaxVectors, measureFor)
}

// costly reports whether the model takes longer per row than a hand-over. A single fast measurement
// says that it does not: anything may have delayed the others. If the model takes as long for one
// row as a hand-over takes for a whole batch, it is costly too.
func costly(c cost.Cost) bool {
	return c.Batched.Least >= handOver || c.Single.Least >= time.Duration(c.Rows)*handOver
}

// gathering is about what it costs to gather a row with others, besides the copy of its features.
const gathering = 100 * time.Nanosecond

// enoughRows returns how many rows a call of the model needs so that more rows gain less than it
// costs to gather them. A model that was not measured counts as one that gains nothing.
func enoughRows(c cost.Cost, dim int) int {
	price := gathering + time.Duration(dim)*time.Nanosecond/4
	gains := func(few, many cost.Figure) bool { return few.Least > many.Least+price }
	switch {
	case gains(c.Few, c.Batched):
		return c.Rows
	case gains(c.Single, c.Few), gains(c.Single, c.Batched):
		return min(cost.FewRows, c.Rows)
	}
	return 1
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
