// Package live shows a run while it lasts: a line a second on stdout and, where
// a person watches, a progress bar with the time left on stderr.
//
// Without a terminal there is no bar: nothing is written to stderr, and stdout
// gets lines without escape codes or carriage returns, the same as on a
// terminal. A View or Counter is for one goroutine. Nothing runs between calls:
// the bar moves when it is told to.
package live

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/mattn/go-isatty"
)

// percentiles are what a line shows between the rate and the maximum.
var percentiles = []float64{50, 95, 99, 99.9, 99.99}

// View shows a run that lasts a known time.
type View struct {
	stdout io.Writer // nil: no lines
	bar    bar
	name   string // before the time left
	total  time.Duration
}

// New writes the heads of the columns, and an empty bar if isTerminal, which
// tells of stderr. total is the time to be measured, without the warm-up.
func New(stdout, stderr io.Writer, isTerminal bool, total time.Duration) *View {
	v := &View{stdout: stdout, bar: newBar(stderr, isTerminal, int64(total)), total: total}
	fmt.Fprintf(stdout, "%8s %10s", "second", "requests/s")
	for _, p := range percentiles {
		fmt.Fprintf(stdout, " %10s", fmt.Sprintf("p%v_us", p))
	}
	fmt.Fprintf(stdout, " %10s\n", "max_us")
	v.draw(0)
	return v
}

// NewStep draws a bar alone, if isTerminal, and writes no lines: one step of
// many, which it names.
func NewStep(stderr io.Writer, isTerminal bool, name string, total time.Duration) *View {
	v := &View{bar: newBar(stderr, isTerminal, int64(total)), name: name + ", ", total: total}
	v.draw(0)
	return v
}

// Interval writes the line of s and moves the bar. It keeps nothing of s.
func (v *View) Interval(s sample.Interval) {
	v.bar.erase()
	if v.stdout != nil {
		v.line(s)
	}
	v.draw(s.At)
}

func (v *View) draw(at time.Duration) { v.bar.draw(int64(at), v.name+left(v.total-at)) }

func (v *View) line(s sample.Interval) {
	fmt.Fprintf(v.stdout, "%8.1f %10.0f", s.At.Seconds(), float64(s.Requests)/s.Length.Seconds())
	for _, latency := range figures(s) {
		fmt.Fprintf(v.stdout, " %10s", latency)
	}
	fmt.Fprintln(v.stdout)
}

// Done takes the bar away; what is written next begins on its line.
func (v *View) Done() { v.bar.erase() }

// figures are the percentiles and the maximum, or dashes if nothing was
// answered.
func figures(s sample.Interval) []string {
	texts := make([]string, 0, len(percentiles)+1)
	if s.Latency == nil || s.Latency.TotalCount() == 0 {
		for range cap(texts) {
			texts = append(texts, "-")
		}
		return texts
	}
	for _, nanos := range append(s.Latency.ValueAtPercentilesSlice(percentiles), s.Latency.Max()) {
		texts = append(texts, fmt.Sprintf("%.1f", float64(nanos)/1000))
	}
	return texts
}

// left is in whole seconds, rounded up: it says 0 s only when nothing is left.
func left(d time.Duration) string {
	seconds := (max(d, 0) + time.Second - 1) / time.Second
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s left", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d:%02d min left", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d h left", seconds/3600, seconds/60%60)
}

// IsTerminal reports whether a person watches f: it is a terminal that moves
// its cursor.
func IsTerminal(f *os.File) bool {
	return os.Getenv("TERM") != "dumb" && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
