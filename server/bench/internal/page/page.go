// Package page shows a report as one HTML page: which charts and tables there
// are. What a page looks like, and that it holds everything in itself, is
// client/tools/page.
package page

import (
	"fmt"
	"io"

	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// Write writes the page of r.
func Write(w io.Writer, r *result.Report) error {
	rows := r.Rows()
	p := page.Page{
		Title:    "disrust beside its peers",
		Entries:  entries(r),
		Warnings: warnings(r, rows),
		Sections: sections(r, rows),
		Tables:   []page.Table{table(r, rows)},
		MadeBy:   "server/bench of disrust",
	}
	for i, peer := range r.Peers {
		p.Key = append(p.Key, page.Entry{Color: color(i), Name: peer.Name, Text: peer.Text})
	}
	return p.Write(w)
}

// color is grey for the first peer, with which the others are compared.
func color(peer int) page.Color {
	if peer == 0 {
		return page.Baseline
	}
	return page.Series(peer - 1)
}

// entries say what was run, when and where.
func entries(r *result.Report) []page.Entry {
	started := r.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	return []page.Entry{
		{Name: "Command", Text: r.Command},
		{Name: "Started", Text: fmt.Sprintf("%s, %d interleaved rounds of %v behind a warm-up of %v; client and servers on this machine, every response verified", started, r.Rounds, r.Duration, r.Warmup)},
		{Name: "Machine", Text: r.Machine.String()},
	}
}

// warnings say why the benchmark ended early, and which peers are missing or failed.
func warnings(r *result.Report, rows []result.Row) []page.Warning {
	var list []page.Warning
	if r.Ended != "" {
		list = append(list, page.Warning{About: "Ended early", Text: r.Ended})
	}
	for _, m := range r.Missing {
		list = append(list, page.Warning{About: m.Name + " is left out", Text: m.Text})
	}
	for i := range rows {
		if row := &rows[i]; row.Failed > 0 {
			list = append(list, page.Warning{About: row.Peer + " at " + row.Work, Text: row.Failure()})
		}
	}
	return list
}
