//go:build linux

package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Waits are kept in nanoseconds, from 1 ns to an hour, to three digits: what a
// report says of one is too long by a thousandth of it at most. Longer ones count
// as an hour.
const (
	shortestWait = int64(1)
	longestWait  = int64(time.Hour)
	waitDigits   = 3
)

// newWaits is an empty histogram of waits. It takes 270 KiB and does not grow.
func newWaits() *hdrhistogram.Histogram {
	return hdrhistogram.New(shortestWait, longestWait, waitDigits)
}

// addWait counts a wait. Within the histogram's range, where it is kept, there is
// no error.
func addWait(waits *hdrhistogram.Histogram, wait time.Duration) {
	_ = waits.RecordValue(max(0, min(int64(wait), longestWait)))
}

// keepWaits fills in the figures of waits.
func (n *neighbours) keepWaits(waits *hdrhistogram.Histogram) {
	at := func(percentile float64) time.Duration { return time.Duration(waits.ValueAtPercentile(percentile)) }
	n.P50, n.P99, n.P999, n.Worst = at(50), at(99), at(99.9), at(100)
}
