package drive

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// The limits of a valid run, in which the figures are the server's and not the
// generator's.
const (
	// maxBusy is the largest share of its time in which a thread of the generator may
	// be busy. A busier thread serves connections late, which looks like a slow server.
	maxBusy = 0.95
	// maxLag bounds how late one request in a hundred may be written, even if that is a
	// small share of its latency.
	maxLag = time.Millisecond
)

// judge reports whether a run is valid and, if it is not, why.
func judge(t sample.Total) (valid bool, why string) {
	lag := t.LagAt(99)
	if lag > maxLag {
		return false, fmt.Sprintf("the generator wrote 1 %% of the requests more than %v late", lag.Round(time.Microsecond)) + delay(t)
	}
	if t.Lagged(99) {
		latency := time.Duration(t.Latency.ValueAtPercentile(99))
		return false, fmt.Sprintf("the generator wrote 1 %% of the requests more than %v late, which is more than a tenth of the p99 latency, %v",
			lag.Round(time.Microsecond), latency.Round(time.Microsecond)) + delay(t)
	}
	if t.Busy > maxBusy {
		return false, fmt.Sprintf("the generator was busy %.0f %% of its time", 100*t.Busy)
	}
	return true, ""
}

// delay says whether others kept the generator from its CPU, as the end of a sentence about its
// lag. Without CPUs to spare no generator can write in time: the kernel lets the thread that runs
// go on until its next tick. If they had it for less than half a percent of the time, that is not why
// one request in a hundred was late.
func delay(t sample.Total) string {
	if t.Delayed < max(maxLag, t.Length/200) {
		return ""
	}
	return fmt.Sprintf("; other threads, such as the server's, had its CPU for %v in all: it needs a CPU that they leave free", t.Delayed.Round(time.Millisecond))
}
