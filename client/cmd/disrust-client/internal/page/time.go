package page

import (
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page"
)

// percentile is a line of latencies.
type percentile struct {
	label string
	color page.Color
	of    func(*result.Distribution) time.Duration
}

var percentileLines = []percentile{
	{"p50", page.P50, func(d *result.Distribution) time.Duration { return d.P50 }},
	{"p90", page.P90, func(d *result.Distribution) time.Duration { return d.P90 }},
	{"p99", page.P99, func(d *result.Distribution) time.Duration { return d.P99 }},
	{"p99.9", page.P999, func(d *result.Distribution) time.Duration { return d.P999 }},
	{"max", page.Max, func(d *result.Distribution) time.Duration { return d.Max }},
}

// values returns the percentile of each latency, and none of those in which
// nothing was answered.
func (p percentile) values(latencies []*result.Distribution) []page.Value {
	values := make([]page.Value, len(latencies))
	for i, d := range latencies {
		values[i] = measured(d, p.of(d))
	}
	return values
}

// measured is v of d, or none if nothing was answered.
func measured(d *result.Distribution, v time.Duration) page.Value {
	if d.Count == 0 {
		return page.None
	}
	return page.Nanos(v)
}

// overTime shows runs second by second.
func overTime(runs []run) []page.Section {
	at := page.Axis{Name: "at", Label: "seconds since the end of the warm-up", Format: page.Seconds, Sync: "time"}
	rates := page.Chart{ID: "throughput", X: at, Y: throughput}
	percentiles := page.Chart{ID: "latency", X: at, Y: latencies}
	for _, r := range runs {
		x, rate, each := seconds(r.Intervals)
		line := page.Line{Label: r.Name, Color: r.color, Y: rate}
		lines := compared(r, each)
		if len(runs) == 1 {
			line.Label = "requests/s"
			lines = banded(each)
		}
		rates.Sets = append(rates.Sets, page.Set{X: x, Lines: []page.Line{line}})
		percentiles.Sets = append(percentiles.Sets, page.Set{X: x, Lines: lines})
	}
	text := "Percentiles of each second, the median at the bottom and the slowest answer at the top."
	if len(runs) > 1 {
		text = "Of each second: the median, a band up to p99.9, and the slowest answer dotted."
	}
	list := []page.Section{
		section("Throughput", "Requests answered in each second.", rates),
		section("Latency over time", text, percentiles),
	}
	if errors := failed(runs, at); len(errors.Sets) > 0 {
		list = append(list, section("Errors", "In each second: requests that failed or were lost with their connections, and connections lost and remade.", errors))
	}
	return list
}

// failed shows the errors of the runs that reconnect.
func failed(runs []run, at page.Axis) page.Chart {
	chart := page.Chart{ID: "errors", X: at, Y: page.Axis{Label: "errors", Format: page.Count}}
	for _, r := range runs {
		if !r.Parameters.Reconnect {
			continue
		}
		requests := page.Line{Label: "requests", Color: page.Max}
		lost := page.Line{Label: "connections lost", Color: page.P99, Dash: []int{6, 4}}
		remade := page.Line{Label: "connections remade", Color: page.P50, Dash: []int{2, 4}}
		for i := range r.Intervals {
			e := r.Intervals[i].Errors
			if e == nil {
				e = new(result.Errors)
			}
			requests.Y = append(requests.Y, page.Value(e.Requests))
			lost.Y = append(lost.Y, page.Value(e.Lost))
			remade.Y = append(remade.Y, page.Value(e.Reconnects))
		}
		lines := []page.Line{requests, lost, remade}
		if len(runs) > 1 {
			for k := range lines {
				lines[k].Label, lines[k].Color = r.Name+" "+lines[k].Label, r.color
			}
		}
		x, _, _ := seconds(r.Intervals)
		chart.Sets = append(chart.Sets, page.Set{X: x, Lines: lines})
	}
	return chart
}

// seconds returns when the intervals ended, and their rates and latencies.
func seconds(intervals []result.Interval) (x []float64, rate []page.Value, each []*result.Distribution) {
	for i := range intervals {
		interval := &intervals[i]
		x = append(x, (interval.Start + interval.Length).Seconds())
		rate = append(rate, page.Value(interval.Rate))
		each = append(each, interval.Latency)
	}
	return x, rate, each
}

// banded are all percentiles of the only run, with the areas between them.
func banded(each []*result.Distribution) []page.Line {
	var lines []page.Line
	for i, p := range percentileLines {
		line := page.Line{Label: p.label, Color: p.color, Y: p.values(each)}
		if i > 0 {
			line.Fill = .16
		}
		lines = append(lines, line)
	}
	return lines
}

// compared are three percentiles of one of several runs.
func compared(r run, each []*result.Distribution) []page.Line {
	line := func(n int) page.Line {
		p := percentileLines[n]
		return page.Line{Label: r.Name + " " + p.label, Color: r.color, Y: p.values(each)}
	}
	median, band, slowest := line(0), line(3), line(4)
	band.Fill = .12
	slowest.Dash = []int{2, 4}
	return []page.Line{median, band, slowest}
}
