//go:build linux

package server

import (
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
func (c *Config) settle() (BatchThreads, error) {
	if err := c.check(); err != nil {
		return Auto, err
	}
	return c.place(), nil
}

// place returns where batches are scored, and sets the number of I/O threads if c leaves
// it open.
//
// Half of the CPUs are enough I/O threads for a cheap model. The kernel's network stack and
// the clients need the other CPUs, and fewer threads are awake for longer and do more in
// each turn. A costly model that is scored inline gets an I/O thread on every CPU but one.
// A batch thread is worth the hand-over only beside a single I/O thread, because several I/O
// threads score more than one batch thread does.
func (c *Config) place() BatchThreads {
	if c.IOThreads > 0 && c.BatchThreads != Auto {
		return c.BatchThreads
	}
	costly := false
	if c.BatchThreads != Dedicated && cpus > 1 { // otherwise the model's cost does not matter
		costly = c.costly()
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
		return c.BatchThreads
	case costly && c.IOThreads == 1:
		return Dedicated
	}
	return Inline
}

// costly measures the model and reports whether it takes longer per row than a hand-over.
func (c *Config) costly() bool {
	const sample = 1 << 20 // features
	return rowCost(c.Model, c.Dim, max(1, min(c.MaxVectors, 64, sample/c.Dim))) >= handOver
}

// rowCost scores a few batches of zeros and returns the least time that the model took per
// row. A model that fails or panics for zeros counts as cheap.
func rowCost(model batcher.Model, dim, rows int) (least time.Duration) {
	defer func() {
		if recover() != nil {
			least = 0
		}
	}()
	scorer, in, out := model.NewScorer(), make([]float32, rows*dim), make([]float32, rows*model.Shape().Outputs)
	least = time.Hour
	for range 8 {
		start := time.Now()
		if scorer.Score(in, dim, out) != nil {
			return 0
		}
		least = min(least, time.Since(start)/time.Duration(rows))
	}
	return least
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
