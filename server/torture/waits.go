//go:build linux

package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The histogram keeps waits in nanoseconds, from 1 ns to an hour, to three digits: a reported
// wait is too long by a thousandth at most. A longer wait counts as an hour.
const (
	shortestWait = int64(1)
	longestWait  = int64(time.Hour)
	waitDigits   = 3
)

// newWaits returns an empty histogram of waits. It takes 270 KiB and does not grow.
func newWaits() *hdrhistogram.Histogram {
	return hdrhistogram.New(shortestWait, longestWait, waitDigits)
}

// addWait counts a wait. It clamps the wait to the histogram's range, so RecordValue cannot
// fail.
func addWait(waits *hdrhistogram.Histogram, wait time.Duration) {
	_ = waits.RecordValue(max(0, min(int64(wait), longestWait)))
}

// keepWaits sets n's percentiles to those of waits.
func (n *neighbours) keepWaits(waits *hdrhistogram.Histogram) {
	at := func(percentile float64) time.Duration { return time.Duration(waits.ValueAtPercentile(percentile)) }
	n.P50, n.P99, n.P999, n.Worst = at(50), at(99), at(99.9), at(100)
}
