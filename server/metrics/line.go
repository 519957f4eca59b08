package metrics

import (
	"strconv"
	"strings"
)

// Line writes all metrics as name=value, separated by spaces, without a line break. It shows
// how much each counter has grown from last to now, then the peaks, then the gauges of now.
func Line(now, last Snapshot, peaks Peaks) string {
	since := now.Counters
	for i, before := range last.Counters.Words() {
		since.Words()[i] -= before
	}
	var l line
	for i, m := range counterTable {
		l.add(m.Name, strconv.FormatUint(since.Words()[i], 10))
	}
	l.add(stall.Name, strconv.FormatFloat(stallPct(&since), 'f', 1, 64))
	for i, m := range peakTable {
		l.add(m.Name, strconv.FormatInt(peaks.Words()[i], 10))
	}
	for i, m := range gaugeTable {
		l.add(m.Name, strconv.FormatInt(now.Gauges.Words()[i], 10))
	}
	return l.String()
}

// stall is the one metric that is computed from others. It is not at /metrics: a query computes it.
var stall = Metric{Name: "stall_pct", Unit: "percent", Help: "share of empty polls in batches and empty polls together"}

func stallPct(c *Counters) float64 {
	if c.EmptyPolls == 0 {
		return 0
	}
	return 100 * float64(c.EmptyPolls) / float64(c.Batches+c.EmptyPolls)
}

type line struct{ strings.Builder }

func (l *line) add(name, value string) {
	if l.Len() > 0 {
		l.WriteByte(' ')
	}
	l.WriteString(name + "=" + value)
}

// Markdown writes the table of all metrics that the README of package server shows.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| metric | at `/metrics` | unit | |\n|---|---|---|---|\n")
	row := func(m Metric) {
		at := ""
		if m.Exposed != "" {
			at = "`" + m.Exposed + "` "
		}
		b.WriteString("| `" + m.Name + "` | " + at + "| " + m.Unit + " | " + m.Help + " |\n")
	}
	section := func(title string, table []Metric) {
		b.WriteString("| **" + title + "** | | | |\n")
		for _, m := range table {
			row(m)
		}
	}
	section("since the last line", counterTable)
	row(stall)
	section("the most at once since the last line, on the busiest I/O thread", peakTable)
	section("now", gaugeTable)
	return b.String()
}
