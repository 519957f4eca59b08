// Package live shows a run while it lasts: a line per second on stdout and, on a terminal, a
// progress bar with the time left on stderr.
//
// Without a terminal there is no bar, and nothing is written to stderr. stdout gets the same
// lines in both cases, without escape codes or carriage returns. Only one goroutine may use a
// View. It starts no goroutine: the bar moves only during a call.
package live

import (
	"fmt"
	"io"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/progress"
)

// percentiles are the percentiles that a line shows between the rate and the maximum.
var percentiles = []float64{50, 95, 99, 99.9, 99.99}

// View shows a run that lasts a known time.
type View struct {
	stdout io.Writer // nil: no lines
	bar    progress.Bar
	name   string // shown before the time left
	errors bool   // lines show errors
	total  time.Duration
}

// New writes the heads of the columns. If isTerminal, stderr is a terminal, and New draws an
// empty bar there. total is the time to measure, without the warm-up. errors says that the run
// reconnects.
func New(stdout, stderr io.Writer, isTerminal bool, total time.Duration, errors bool) *View {
	v := &View{stdout: stdout, bar: progress.NewBar(stderr, isTerminal, int64(total)), total: total, errors: errors}
	fmt.Fprintf(stdout, "%8s %10s", "second", "requests/s")
	for _, p := range percentiles {
		fmt.Fprintf(stdout, " %10s", fmt.Sprintf("p%v_us", p))
	}
	fmt.Fprintf(stdout, " %10s", "max_us")
	if errors {
		fmt.Fprintf(stdout, " %10s %10s %10s", "errors", "lost_conns", "reconnects")
	}
	fmt.Fprintln(stdout)
	v.draw(0)
	return v
}

// NewStep returns a View of one step of many, which name names. It writes no lines. If
// isTerminal, it draws a bar.
func NewStep(stderr io.Writer, isTerminal bool, name string, total time.Duration) *View {
	v := &View{bar: progress.NewBar(stderr, isTerminal, int64(total)), name: name + ", ", total: total}
	v.draw(0)
	return v
}

// Interval writes the line of s and moves the bar. It keeps nothing of s.
func (v *View) Interval(s sample.Interval) {
	v.bar.Erase()
	if v.stdout != nil {
		v.line(s)
	}
	v.draw(s.At)
}

func (v *View) draw(at time.Duration) { v.bar.Draw(int64(at), v.name+progress.Left(v.total-at)) }

func (v *View) line(s sample.Interval) {
	fmt.Fprintf(v.stdout, "%8.1f %10.0f", s.At.Seconds(), float64(s.Requests)/s.Length.Seconds())
	for _, latency := range figures(s) {
		fmt.Fprintf(v.stdout, " %10s", latency)
	}
	if v.errors {
		fmt.Fprintf(v.stdout, " %10d %10d %10d", s.Errors.Requests, s.Errors.Lost, s.Errors.Reconnects)
	}
	fmt.Fprintln(v.stdout)
}

// Done erases the bar. Output that follows begins on the bar's line.
func (v *View) Done() { v.bar.Erase() }

// figures returns the percentiles and the maximum, or dashes if no request was answered.
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
