// Package sample holds the results of a load run: the figures of each second and of the
// whole run. Package drive fills them in, and reports show them.
package sample

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histograms hold latencies in nanoseconds, from 1 ns to one minute, with three digits.
// A longer latency counts as one minute.
const (
	lowest  = 1
	Highest = int64(time.Minute)
	digits  = 3
)

// NewHistogram returns an empty histogram for latencies in nanoseconds.
func NewHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(lowest, Highest, digits) }

// Interval is the figures of one stretch of a run: of a second, or of the remaining time
// at the end.
type Interval struct {
	At     time.Duration // the end of the interval, counted from the end of the warm-up
	Length time.Duration

	Requests, Vectors int64 // answered rightly within the interval

	// Unsent counts the requests that were due when an open loop ended, but whose
	// connection was full. They count in Latency with the time that they have waited.
	Unsent int64

	// Errors is what went wrong and did not end the run. It is nil unless the run
	// reconnects.
	Errors *Errors

	// Latency is from the moment when a request was due to its answer, Service from the
	// moment when it was written. In a closed loop a request is due when it is written,
	// and Service is nil.
	Latency, Service *hdrhistogram.Histogram

	// Lag is how late the generator wrote requests that it could have written in time.
	// It is nil in a closed loop.
	Lag *hdrhistogram.Histogram
}

// Errors counts what went wrong in one stretch of a run that reconnects.
type Errors struct {
	Requests   int64 // requests that failed, or were in flight on a connection that was lost
	Lost       int64 // connections that ended too early
	Reconnects int64 // connections that were remade
}

// Add adds f to e.
func (e *Errors) Add(f Errors) {
	e.Requests += f.Requests
	e.Lost += f.Lost
	e.Reconnects += f.Reconnects
}

// Total is the figures of a whole run without its warm-up. Its histograms are the merged
// histograms of all intervals.
type Total struct {
	Interval

	// Sent, Answered and Wrong count requests of the whole run, the warm-up included.
	// Answered counts right answers. Requests that are sent and in neither of the other
	// two are missing.
	Sent, Answered, Wrong int64

	// FirstError is the first error of a run that reconnects, in one sentence, or "".
	FirstError string

	Busy float64       // share of its time in which the generator's busiest thread did not wait
	CPU  time.Duration // user and system time of the generator's process, without the warm-up

	// Delayed is how long, in the whole run, the generator's thread that waited longest could
	// have run but other threads, such as the server's, had the CPUs. It is 0 except on Linux.
	Delayed time.Duration

	Valid bool   // the generator was not the bottleneck
	Why   string // if not Valid, a sentence that says why
}

// A lag matters to a latency if it is above goodLag and above largeShare of that latency.
// A thread that sleeps between requests cannot do better than goodLag.
const (
	goodLag    = 50 * time.Microsecond
	largeShare = 0.1
)

// LagAt returns the lag that belongs to a percentile of Latency: as many requests had a
// larger lag as had a larger latency than the percentile. Requests without a lag count as
// written in time. LagAt is 0 in a closed loop.
func (i *Interval) LagAt(percentile float64) time.Duration {
	if i.Lag == nil || i.Lag.TotalCount() == 0 {
		return 0
	}
	slower := (100 - percentile) * float64(i.Latency.TotalCount())
	if late := 100 - slower/float64(i.Lag.TotalCount()); late > 0 {
		return time.Duration(i.Lag.ValueAtPercentile(late))
	}
	return 0
}

// Lagged reports whether LagAt(percentile) matters to the Latency at that percentile. If
// so, the figure is partly about the generator and not only about the server.
func (i *Interval) Lagged(percentile float64) bool {
	lag := i.LagAt(percentile)
	return lag > goodLag && float64(lag) > largeShare*float64(i.Latency.ValueAtPercentile(percentile))
}
