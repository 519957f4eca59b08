// Package sample is what a load run yields: figures of each second and of the
// whole, between the engine that measures and the reports that show.
package sample

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept in nanoseconds, from 1 ns to a minute, to three digits;
// longer ones count as a minute.
const (
	lowest  = 1
	Highest = int64(time.Minute)
	digits  = 3
)

// NewHistogram is an empty histogram for latencies in nanoseconds.
func NewHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(lowest, Highest, digits) }

// Interval is a stretch of a run, a second or what was left of it.
type Interval struct {
	At     time.Duration // its end, since the end of the warm-up
	Length time.Duration

	Requests, Vectors int64 // answered, rightly, within it

	// Unsent requests were due in an open loop when it ended, but had found their
	// connection full. They count in Latency, with the time they had waited.
	Unsent int64

	// Latency is from the moment each request was due to its answer, Service from
	// the moment it was written. In a closed loop a request is due when it is
	// written, and Service is nil.
	Latency, Service *hdrhistogram.Histogram

	// Lag is how late the generator wrote requests that it could have written in
	// time; nil in a closed loop.
	Lag *hdrhistogram.Histogram
}

// Total is a whole run without its warm-up. Its histograms are the intervals'
// merged.
type Total struct {
	Interval

	// Sent, Answered and Wrong count requests of the whole run, the warm-up
	// included. Those sent and not answered, rightly or wrongly, are missing.
	Sent, Answered, Wrong int64

	Busy  float64       // share of its time in which the generator's busiest thread did not wait
	CPU   time.Duration // user and system time of the generator's process, warm-up left out
	Valid bool          // the generator was not the bottleneck
	Why   string        // a sentence, if it was
}

// A lag matters to a latency that it is part of when it is above goodLag, as
// good as a thread that sleeps between requests can do, and above largeShare of
// that latency.
const (
	goodLag    = 50 * time.Microsecond
	largeShare = 0.1
)

// LagAt is how late the generator wrote at a percentile of Latency: as many
// requests were written later than that as were answered slower than the
// percentile. Requests without a lag count as written in time. It is 0 in a
// closed loop.
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

// Lagged reports whether LagAt the percentile matters to the Latency there: the
// figure then tells of the generator as well as of the server.
func (i *Interval) Lagged(percentile float64) bool {
	lag := i.LagAt(percentile)
	return lag > goodLag && float64(lag) > largeShare*float64(i.Latency.ValueAtPercentile(percentile))
}
