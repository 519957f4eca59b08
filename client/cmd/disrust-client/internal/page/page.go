// Package page shows runs as one HTML page: which charts and tables there are.
// What a page looks like, and that it holds everything in itself, is
// client/tools/page.
package page

import (
	"errors"
	"fmt"
	"io"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page"
)

// Write writes the page of runs, laid over one another if there are several.
func Write(w io.Writer, runs ...result.Run) error {
	if len(runs) == 0 {
		return errors.New("no run to show")
	}
	runs = named(runs)
	charts, err := sections(runs)
	if err != nil {
		return err
	}
	p := page.Page{
		Title: title(runs), Entries: entries(runs), Warnings: warnings(runs), Tiles: tiles(runs),
		Sections: charts, Tables: tables(runs), MadeBy: "disrust-client",
	}
	return p.Write(w)
}

// named returns a copy of runs in which each has a name.
func named(runs []result.Run) []result.Run {
	copied := append([]result.Run(nil), runs...)
	for i := range copied {
		if copied[i].Name == "" {
			copied[i].Name = fmt.Sprintf("run %d", i+1)
		}
	}
	return copied
}

// run is a run and its place among all, which decides its color.
type run struct {
	*result.Run
	color page.Color
}

// sections returns the charts: those over time, those of sweeps, and the
// percentiles of all.
func sections(runs []result.Run) ([]page.Section, error) {
	var timed []run
	var groups [][]run // sweeps, by what they varied
	for i := range runs {
		r := run{&runs[i], page.Series(i)}
		if r.Sweep == nil {
			timed = append(timed, r)
		} else {
			groups = grouped(groups, r)
		}
	}
	var list []page.Section
	if len(timed) > 0 {
		list = overTime(timed)
	}
	for _, group := range groups {
		list = append(list, sweeps(group)...)
	}
	curves, err := newCurves(runs)
	if err == nil && len(curves) > 0 {
		list = append(list, percentileSection(curves, len(groups) > 0))
	}
	return list, err
}

// grouped puts r to the sweeps that varied the same.
func grouped(groups [][]run, r run) [][]run {
	for i, g := range groups {
		if g[0].Sweep.Varied == r.Sweep.Varied {
			groups[i] = append(g, r)
			return groups
		}
	}
	return append(groups, []run{r})
}

// section returns a section of one chart, which needs no title of its own.
func section(title, text string, c page.Chart) page.Section {
	return page.Section{Title: title, Text: text, Charts: []page.Chart{c}}
}

var (
	throughput = page.Axis{Label: "requests/s", Format: page.Count}
	latencies  = page.Axis{Label: "latency", Format: page.Latency, Log: 10}
)
