package result

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Head names the columns of Cells.
var Head = []string{
	"work", "peer", "k requests/s", "x", "server CPU ns", "x",
	"p50 us", "x", "p99 us", "x", "p99.9 us", "x", "generator CPU ns", "busy",
}

// Cells returns row as text: each figure's median [lowest-highest], and for
// server's figures the ratio to the first peer.
func (row *Row) Cells() []string {
	cells := []string{row.Work, row.Peer}
	if row.Runs == 0 {
		return cells
	}
	related := func(s Spread, unit float64) { cells = append(cells, s.text(unit), s.ratio()) }
	related(row.Rate, 1e3)
	related(row.Server, 1)
	related(row.P50, 1e3)
	related(row.P99, 1e3)
	related(row.P999, 1e3)
	busy := fmt.Sprintf("%.0f%%", 100*row.Busy.Median)
	if row.Limited != "" {
		busy += " *"
	}
	return append(cells, row.Generator.text(1), busy)
}

func (s Spread) text(unit float64) string {
	median, low, high := digits(s.Median/unit), digits(s.Low/unit), digits(s.High/unit)
	if low == high {
		return median
	}
	return fmt.Sprintf("%s [%s-%s]", median, low, high)
}

func (s Spread) ratio() string {
	switch {
	case s.Ratio == 0:
		return ""
	case s.Ratio < 0.0995:
		return strconv.FormatFloat(s.Ratio, 'g', 2, 64)
	}
	return digits(s.Ratio)
}

// digits is v in three digits, more if that many stand before the point.
func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// WriteTable writes the rows, those of a work apart from the next, and the notes.
// A row that failed says so in its last cell, which may be the first after its
// name. What was never tried is left out.
func (r *Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells []string) { fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t")) } // Flush has the error
	if r.Ended != "" {
		fmt.Fprintf(w, "ENDED EARLY: %s\n\n", r.Ended)
	}
	line(Head)
	work := ""
	for _, row := range r.Rows() {
		if row.Empty() {
			continue
		}
		if work != "" && row.Work != work {
			line(make([]string, len(Head)))
		}
		work = row.Work
		line(append(row.Cells(), row.Failure()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Notes, "\n"))
	return err
}
