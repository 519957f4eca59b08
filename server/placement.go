//go:build linux

package server

import (
	"fmt"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher"
)

// handOver is the cost of a row from which the model is what a server's time goes to:
// below it an I/O thread scores a row in less time than two threads need to tell each
// other of it.
const handOver = time.Microsecond

// cpus is how many this process may use, a container's quota included.
var cpus = min(runtime.NumCPU(), runtime.GOMAXPROCS(0))

// settle checks c, decides what is left to the server, and returns where batches are
// scored. Errors are sentences for the person who chose c.
func (c *Config) settle() (BatchThreads, error) {
	if err := c.check(); err != nil {
		return Auto, &ConfigError{err}
	}
	return c.place()
}

// place decides on the I/O threads, if that is left to it, and returns where batches are
// scored.
//
// Half of the CPUs suffice to receive for all: the kernel's network stack and what asks
// need the others, and fewer threads are awake more and do more in a turn. A costly model
// that is scored inline gets all CPUs but one. A thread of its own for it is worth its
// hand-over only beside a single I/O thread: several score more than one does.
func (c *Config) place() (BatchThreads, error) {
	if c.IOThreads > 0 && c.BatchThreads != Auto {
		return c.BatchThreads, nil
	}
	costly := false
	if c.BatchThreads != Dedicated && cpus > 1 { // else it decides nothing
		var err error
		if costly, err = c.costly(); err != nil {
			return Auto, err
		}
	}
	if c.IOThreads == 0 {
		threads := cpus / 2
		if costly {
			threads = cpus - 1
		}
		c.IOThreads = max(1, min(threads, MaxIOThreads, c.RequestRing))
	}
	switch {
	case c.BatchThreads != Auto:
		return c.BatchThreads, nil
	case costly && c.IOThreads == 1:
		return Dedicated, nil
	}
	return Inline, nil
}

// costly reports whether the model takes longer for a row than a hand-over.
func (c *Config) costly() (bool, error) {
	model, err := c.NewModel()
	if err != nil {
		return false, fmt.Errorf("model %s: %w", c.Model, err)
	}
	const sample = 1 << 20 // features
	return rowCost(model, c.Dim, max(1, min(c.MaxVectors, 64, sample/c.Dim))) >= handOver, nil
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
