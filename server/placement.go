//go:build linux

package server

import (
	"fmt"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher"
)

// handOver is the cost of a row from which a thread of its own for the model
// pays: below it the I/O thread scores a row in less time than two threads need
// to tell each other of it.
const handOver = time.Microsecond

// cpus is how many this process may use, a container's quota included.
var cpus = min(runtime.NumCPU(), runtime.GOMAXPROCS(0))

// place decides where batches are scored.
func (c *Config) place() (BatchThreads, error) {
	if c.BatchThreads != Auto {
		return c.BatchThreads, nil
	}
	if cpus <= c.IOThreads {
		return Inline, nil // no CPU is left for a batch thread
	}
	model, err := c.NewModel()
	if err != nil {
		return Auto, fmt.Errorf("model %s: %w", c.Model, err)
	}
	const sample = 1 << 20 // features
	if rowCost(model, c.Dim, max(1, min(c.MaxVectors, 64, sample/c.Dim))) < handOver {
		return Inline, nil
	}
	return Dedicated, nil
}

// rowCost is the least time the model took for a row of zeros, of a few batches.
// A model that fails or panics for zeros is no worse than a cheap one.
func rowCost(model batcher.Model, dim, rows int) (least time.Duration) {
	defer func() {
		if recover() != nil {
			least = 0
		}
	}()
	in, out := make([]float32, rows*dim), make([]float32, rows)
	least = time.Hour
	for range 8 {
		start := time.Now()
		if model.Score(in, dim, out) != nil {
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
