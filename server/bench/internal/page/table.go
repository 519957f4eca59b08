package page

import (
	"strings"

	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// names are the leading columns of result.Head: work and peer. columns are all of them.
const names = 2

var columns = len(result.Head(false))

// table has all figures. It leaves out what was not tried.
func table(r *result.Report, rows []result.Row) page.Table {
	t := page.Table{Title: "All figures", Head: result.Head(r.PerRow), Names: names, Notes: r.Notes}
	work := ""
	for i := range rows {
		row := &rows[i]
		if row.Empty() {
			continue
		}
		lines := lines(row)
		lines[0].Rule = row.Work != work
		work = row.Work
		t.Rows = append(t.Rows, lines...)
	}
	return t
}

// lines are row's figures and why its peer failed: behind the names if there are
// no figures, else in a line below them.
func lines(row *result.Row) []page.Row {
	list := []page.Row{{Cells: cells(row)}}
	why := row.Failure()
	switch {
	case why == "":
	case row.Runs == 0:
		list[0].Cells = append(list[0].Cells, page.Cell{Text: why, Warning: true, Span: columns - names})
	default:
		list = append(list, page.Row{Cells: []page.Cell{{Text: why, Warning: true, Span: columns}}})
	}
	return list
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
