package page

import (
	"strings"

	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// names are the leading columns of result.Head: work and peer.
const names = 2

// table has all figures. It leaves out what was not tried.
func table(r *result.Report, rows []result.Row) page.Table {
	t := page.Table{Title: "All figures", Head: result.Head, Names: names, Notes: r.Notes}
	work := ""
	for i := range rows {
		row := &rows[i]
		if row.Empty() {
			continue
		}
		line := page.Row{Cells: cells(row), Rule: row.Work != work}
		work = row.Work
		if why := row.Failure(); why != "" && row.Runs == 0 {
			line.Cells = append(line.Cells, page.Cell{Text: why, Warning: true, Span: len(result.Head) - len(line.Cells)})
		}
		t.Rows = append(t.Rows, line)
		if why := row.Failure(); why != "" && row.Runs > 0 {
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: why, Warning: true, Span: len(result.Head)}}})
		}
	}
	return t
}

// cells sets each figure's range apart from it.
func cells(row *result.Row) []page.Cell {
	var list []page.Cell
	for i, text := range row.Cells() {
		c := page.Cell{Text: text}
		if at := strings.Index(text, " ["); at >= 0 && i >= names {
			c = page.Cell{Text: text[:at], Range: text[at+1:]}
		}
		list = append(list, c)
	}
	return list
}
