package result

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Tags of the HdrHistogram log: whether latency runs from the moment a request
// was due, or from the moment it was written.
const (
	Corrected   = "corrected"
	Uncorrected = "uncorrected"
)

// WriteHDR writes the HdrHistogram interval log, format 1.3: an open loop's
// intervals both corrected and uncorrected, a closed loop's uncorrected; of a
// sweep, each step as one interval. Times are absolute for a reader. Errors are
// comments at the head.
func (r *Run) WriteHDR(w io.Writer) error {
	buffered := bufio.NewWriter(w) // its Flush repeats the first error
	base := r.Started.Truncate(time.Second)
	out := logWriter{hdrhistogram.NewHistogramLogWriter(buffered), r.Started.Add(r.Parameters.Warmup)}
	out.head(r, base)
	for i := range r.Intervals {
		if err := out.interval(&r.Intervals[i], r.Intervals[i].Start); err != nil {
			return err
		}
	}
	if r.Sweep != nil {
		out.zero = r.Started
		for i := range r.Sweep.Steps {
			if err := out.interval(&r.Sweep.Steps[i].Total.Interval, r.Sweep.Steps[i].Start); err != nil {
				return err
			}
		}
	}
	return buffered.Flush()
}

type logWriter struct {
	*hdrhistogram.HistogramLogWriter
	zero time.Time // what starts are counted from
}

// head writes what goes before the intervals. The format keeps base as whole
// seconds, so base is.
func (l *logWriter) head(r *Run, base time.Time) {
	l.SetBaseTime(base.UnixMilli())
	_ = l.OutputLogFormatVersion()
	l.comment(r.Command)
	for _, e := range r.Errors {
		l.comment("error: " + e)
	}
	_ = l.OutputStartTime(base.UnixMilli())
	_ = l.OutputBaseTime(base.UnixMilli())
	_ = l.OutputLegend()
}

// comment writes one line, whatever is in text.
func (l *logWriter) comment(text string) {
	_ = l.OutputComment("[" + strings.NewReplacer("\n", " ", "\r", " ").Replace(text) + "]")
}

func (l *logWriter) interval(i *Interval, start time.Duration) error {
	if i.Service == nil {
		return l.line(i, start, i.Latency, Uncorrected)
	}
	if err := l.line(i, start, i.Latency, Corrected); err != nil {
		return err
	}
	return l.line(i, start, i.Service, Uncorrected)
}

func (l *logWriter) line(i *Interval, start time.Duration, d *Distribution, tag string) error {
	h, err := d.Histogram.Decode()
	if err != nil {
		return err
	}
	from := l.zero.Add(start)
	h.SetTag(tag)
	h.SetStartTimeMs(from.UnixMilli())
	h.SetEndTimeMs(from.Add(i.Length).UnixMilli())
	return l.OutputIntervalHistogram(h)
}
