package result

import (
	"bufio"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/tools/flags"
)

// Uncorrected is the tag of an open loop's second series in the HdrHistogram log: latency that
// counts from the moment a request was written.
const Uncorrected = "uncorrected"

// WriteHDR writes the HdrHistogram interval log, format 1.3. The lines without a tag are a run's
// latency: in an open loop corrected, in a closed loop uncorrected. Tools read these unless they
// are asked for a tag. A sweep has each step as one interval. Readers get absolute times. Errors
// are comments at the head.
func (r *Run) WriteHDR(w io.Writer) error {
	buffered := bufio.NewWriter(w) // Flush returns the first error
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
	zero time.Time // the intervals' starts count from it
}

// head writes the lines before the intervals. base must be in whole seconds, because the format
// keeps only these.
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

// comment writes text as one line. Readers end a line at more characters than a newline, such as
// U+2028 and U+0085.
func (l *logWriter) comment(text string) {
	_ = l.OutputComment("[" + flags.OneLine(text) + "]")
}

func (l *logWriter) interval(i *Interval, start time.Duration) error {
	if err := l.line(i, start, i.Latency, ""); err != nil || i.Service == nil {
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
