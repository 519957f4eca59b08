package result

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Head names the columns of Cells, of a table that is per row or per request.
func Head(perRow bool) []string {
	rate, server, generator := "k requests/s", "server CPU ns", "generator CPU ns"
	if perRow {
		rate, server, generator = "k rows/s", "server CPU us a row", "generator CPU us a row"
	}
	return []string{
		"work", "peer", rate, "x", server, "x",
		"p50 us", "x", "p99 us", "x", "p99.9 us", "x", generator, "busy",
	}
}

// Cells returns row as text. Each figure is the median [lowest-highest]. A figure of the
// server is followed by its ratio to the first peer's.
func (row *Row) Cells() []string {
	cells := []string{row.Work, row.Peer}
	if row.Runs == 0 {
		return cells
	}
	related := func(s Spread, unit float64) { cells = append(cells, s.text(unit), s.ratio()) }
	related(row.Rate, 1e3)
	cpu := 1.0
	if row.PerRow {
		cpu = 1e3
	}
	related(row.Server, cpu)
	related(row.P50, 1e3)
	related(row.P99, 1e3)
	related(row.P999, 1e3)
	busy := fmt.Sprintf("%.0f%%", 100*row.Busy.Median)
	if row.Limited != "" {
		busy += " *"
	}
	return append(cells, row.Generator.text(cpu), busy)
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

// digits formats v with three digits, or more if there are more before the point.
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

// WriteTable writes the rows, the peers that are missing, and the notes, with an empty line between
// two works. A row that failed says so in its last cell, which follows its name if the row has no
// figures. Rows that were never tried are left out.
func (r *Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells []string) { fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t")) } // Flush returns the error
	if r.Ended != "" {
		fmt.Fprintf(w, "ENDED EARLY: %s\n\n", r.Ended)
	}
	head := Head(r.PerRow)
	line(head)
	work := ""
	for _, row := range r.Rows() {
		if row.Empty() {
			continue
		}
		if work != "" && row.Work != work {
			line(make([]string, len(head)))
		}
		work = row.Work
		line(append(row.Cells(), row.Failure()))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "\nleft out: %s: %s", m.Name, m.Text)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Notes, "\n"))
	return err
}
