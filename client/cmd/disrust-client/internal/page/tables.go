package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page"
)

func title(runs []result.Run) string {
	if len(runs) > 1 {
		return fmt.Sprintf("disrust: %d runs compared", len(runs))
	}
	if runs[0].Sweep != nil {
		return "disrust: sweep of " + runs[0].Server.Address
	}
	return "disrust: load on " + runs[0].Server.Address
}

// entries returns the runs' lines at the top.
func entries(runs []result.Run) []page.Entry {
	list := make([]page.Entry, len(runs))
	for i := range runs {
		r := &runs[i]
		list[i] = page.Entry{Color: page.Series(i), Name: r.Name, Text: r.Command + ", started " + when(r.Started)}
		if r.Sweep != nil {
			list[i].Text += "; " + micro(r.Sweep.Conclusion())
		}
	}
	return list
}

// warnings returns what must not be overlooked. It names the run if there are
// several.
func warnings(runs []result.Run) []page.Warning {
	var list []page.Warning
	for i := range runs {
		r := &runs[i]
		about := ""
		if len(runs) > 1 {
			about = r.Name
		}
		if r.Total != nil && !r.Total.Valid {
			list = append(list, page.Warning{About: about, Text: "Not valid: " + r.Total.Why})
		}
		for _, text := range r.Errors {
			list = append(list, page.Warning{About: about, Text: text})
		}
	}
	return list
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// tiles are of a single run: several have the tables.
func tiles(runs []result.Run) []page.Tile {
	if len(runs) > 1 {
		return nil
	}
	total, _ := shown(&runs[0])
	if total == nil || total.Requests == 0 {
		return nil
	}
	list := []page.Tile{{Label: "requests/s", Value: result.Count(total.Rate)}}
	if runs[0].Sweep != nil {
		list[0].Label = "requests/s at knee"
	}
	for _, f := range total.Latency.Figures() {
		switch f.Name {
		case "p50", "p99", "p99_9", "max":
			value, unit, _ := strings.Cut(micro(total.Shown(f)), " ")
			list = append(list, page.Tile{Label: f.Label, Value: value, Unit: unit})
		}
	}
	return append(list, page.Tile{Label: "requests", Value: result.Count(float64(total.Requests))})
}

func latency(d time.Duration) string { return micro(result.Latency(d)) }

// micro gives a text of result's the micro sign, which a page has and a
// terminal may not.
func micro(text string) string { return strings.ReplaceAll(text, " us", " µs") }

func tables(runs []result.Run) []page.Table {
	var list []page.Table
	if t := percentiles(runs); len(t.Rows) > 0 {
		list = append(list, t)
	}
	for i := range runs {
		if runs[i].Sweep != nil {
			list = append(list, steps(&runs[i]))
		}
	}
	return append(list, facts(runs))
}

// column is latencies and how to show them.
type column struct {
	*result.Distribution
	shown func(result.Figure) string
}

func uncorrected(f result.Figure) string { return result.Latency(f.Value) }

// percentiles has a column for each latency that a run has of its own.
func percentiles(runs []result.Run) page.Table {
	t := page.Table{Title: "Latency", Names: 1, Head: []string{""}}
	var columns []column
	var totals []*result.Total
	corrected := false
	for i := range runs {
		total, name := shown(&runs[i])
		switch {
		case total == nil:
			continue
		case total.Differ():
			corrected = true
			t.Head = append(t.Head, name+", corrected", name+", uncorrected")
			columns = append(columns, column{total.Latency, total.Shown}, column{total.Service, uncorrected})
		default:
			t.Head = append(t.Head, name)
			columns = append(columns, column{total.Latency, total.Shown})
		}
		totals = append(totals, total)
	}
	if corrected {
		t.Text = "Corrected: from when a request was due. Uncorrected: from when it was written. "
	}
	t.Text += result.Legend(totals...)
	for n, f := range new(result.Distribution).Figures() {
		row, told := []string{f.Label}, false
		for _, c := range columns {
			cell := "–"
			if own := c.Figures()[n]; c.Tells(own) {
				cell, told = micro(c.shown(own)), true
			}
			row = append(row, cell)
		}
		if told {
			t.Rows = append(t.Rows, page.NewRow(row...))
		}
	}
	return t
}

func steps(r *result.Run) page.Table {
	s := r.Sweep
	t := page.Table{
		Title: "Steps of " + r.Name, Names: 1, Text: micro(s.Conclusion()) + ". " + s.Legend(),
		Head: []string{"asked", "connections", "answered", "p50", "p99", s.SLO.Name() + " (bound)", "max", s.SLO.String()},
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		asked := "closed loop"
		if step.Rate > 0 {
			asked = result.Count(step.Rate) + "/s"
		}
		row := []string{asked, strconv.Itoa(step.Conns), result.Count(step.Total.Rate) + "/s"}
		row = append(append(row, stepLatencies(s, step)...), step.Verdict())
		t.Rows = append(t.Rows, page.NewRow(row...))
	}
	return t
}

// stepLatencies are the median, p99, that of the bound and the maximum.
func stepLatencies(s *result.Sweep, step *result.Step) []string {
	if step.Total.Latency.Count == 0 {
		return []string{"–", "–", "–", "–"}
	}
	shown := map[float64]string{}
	for _, f := range step.Total.Latency.Figures() {
		shown[f.Percentile] = micro(step.Total.Shown(f))
	}
	shown[s.SLO.Percentile] = micro(step.Bound())
	return []string{shown[50], shown[99], shown[s.SLO.Percentile], shown[100]}
}

// facts has a column for each run: what was asked, of whom, and from where.
func facts(runs []result.Run) page.Table {
	t := page.Table{Title: "Parameters and machines", Names: 1, Words: true, Head: []string{""}}
	for i := range runs {
		t.Head = append(t.Head, runs[i].Name)
	}
	for _, f := range []struct {
		name string
		of   func(*result.Run) string
	}{
		{"server", func(r *result.Run) string { return r.Server.Address }},
		{"server's machine", serverMachine},
		{"server's model", model},
		{"note on the server", func(r *result.Run) string { return r.Server.Note }},
		{"load", loop},
		{"connections", func(r *result.Run) string { return positive(r.Parameters.Conns) }},
		{"in flight on each", func(r *result.Run) string { return positive(r.Parameters.Window) }},
		{"vectors in a request", func(r *result.Run) string { return r.Parameters.Mix }},
		{"dim", func(r *result.Run) string { return strconv.Itoa(r.Parameters.Dim) }},
		{"verified by", func(r *result.Run) string { return r.Parameters.Verify }},
		{"warm-up", func(r *result.Run) string { return r.Parameters.Warmup.String() }},
		{"duration asked", func(r *result.Run) string { return r.Parameters.Duration.String() }},
		{"answered rightly", answered},
		{"errors", failures},
		{"generator", generator},
		{"client's machine", func(r *result.Run) string { return r.Client.Hardware() }},
		{"client's system", func(r *result.Run) string { return r.Client.System() }},
		{"disrust-client", func(r *result.Run) string { return r.Tool }},
	} {
		row, told := []string{f.name}, false
		for i := range runs {
			cell := f.of(&runs[i])
			told = told || cell != ""
			row = append(row, cell)
		}
		if told {
			t.Rows = append(t.Rows, page.NewRow(row...))
		}
	}
	return t
}

func serverMachine(r *result.Run) string {
	if r.Server.ThisMachine {
		return "the client's machine"
	}
	if r.Server.Note == "" {
		return "another one; --server-note says what it is"
	}
	return "another one"
}

func model(r *result.Run) string {
	if r.Server.Model == nil {
		return ""
	}
	return strings.TrimPrefix(r.Server.Model.String(), "model ")
}

func loop(r *result.Run) string {
	if r.Sweep != nil {
		text := fmt.Sprintf("sweep of %s for %s", against(r.Sweep.Varied), r.Sweep.SLO)
		if r.Parameters.Arrivals != "" {
			text += ", " + r.Parameters.Arrivals + " arrivals"
		}
		return text
	}
	return r.Parameters.Loop()
}

// positive is n, or nothing of what a run does not have.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func answered(r *result.Run) string {
	if r.Total == nil {
		return ""
	}
	text := fmt.Sprintf("%s requests, %s vectors in %.1f s: %s requests/s, %s vectors/s",
		result.Count(float64(r.Total.Requests)), result.Count(float64(r.Total.Vectors)), r.Total.Length.Seconds(),
		result.Count(r.Total.Rate), result.Count(r.Total.VectorRate()))
	if r.Total.Unsent > 0 {
		text += fmt.Sprintf("; %s more were due at the end and not sent", result.Count(float64(r.Total.Unsent)))
	}
	return text
}

func failures(r *result.Run) string {
	if r.Total == nil || r.Total.Errors == nil {
		return ""
	}
	_, text, _ := strings.Cut(r.Total.Failures(), ": ")
	return text
}

func generator(r *result.Run) string {
	t := r.Total
	if t == nil {
		return ""
	}
	text := fmt.Sprintf("%.0f %% busy, %s of CPU a request", 100*t.Busy, latency(t.CPUPerRequest()))
	if t.Lag != nil && t.Lag.Count > 0 {
		text += "; wrote late by " + micro(t.Lateness())
	}
	return text
}
