package page

import (
	"fmt"
	"strconv"

	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// kind is a section with one chart for each work.
type kind struct {
	id, title, text string
	chart           func(id string, work result.Named, peers []peer) page.Chart
}

// peer is what a peer did with the work that a chart shows.
type peer struct {
	*result.Row
	place int // among the report's peers
}

var kinds = []kind{
	{"rate", "Throughput", "Requests (with a model: rows) a second and ratio to the first peer: medians, with the range of the rounds. Longer is better; look at the figures where the scale is logarithmic. *: the generator was the bottleneck, so the server could do more.", rates},
	{"latency", "Latency", "By percentile, on a logarithmic scale: medians over the rounds. Lower is better. In a closed loop latency is what throughput and window make it; look at 1x1 and the open loop.", latencies},
	{"server", "Server CPU", "User and system time of all the server's threads and processes for a request (with a model: a row), and ratio to the first peer. Shorter is better; look at the figures where the scale is logarithmic.", serverTimes},
}

func sections(r *result.Report, rows []result.Row) []page.Section {
	var list []page.Section
	for _, k := range kinds {
		s := page.Section{Title: k.title, Text: k.text}
		for i, work := range r.Works {
			peers := tried(rows[i*len(r.Peers) : (i+1)*len(r.Peers)])
			s.Charts = append(s.Charts, k.chart(fmt.Sprintf("%s-%d", k.id, i), work, peers))
		}
		list = append(list, s)
	}
	return list
}

// tried leaves out the peers that did not try the work.
func tried(rows []result.Row) []peer {
	var peers []peer
	for i := range rows {
		if !rows[i].Empty() {
			peers = append(peers, peer{&rows[i], i})
		}
	}
	return peers
}

func rates(id string, work result.Named, peers []peer) page.Chart {
	axis := page.Axis{Label: each(peers) + "s/s", Format: page.Count}
	return page.Bars(id, work.Name, work.Text, axis, bars(peers, count, func(r *result.Row) result.Spread { return r.Rate }))
}

func serverTimes(id string, work result.Named, peers []peer) page.Chart {
	axis := page.Axis{Label: "CPU time a " + each(peers), Format: page.Latency}
	return page.Bars(id, work.Name, work.Text, axis, bars(peers, nanos, func(r *result.Row) result.Spread { return r.Server }))
}

// each is what a rate and a CPU time are for.
func each(peers []peer) string {
	if len(peers) > 0 && peers[0].PerRow {
		return "row"
	}
	return "request"
}

func bars(peers []peer, show func(float64) string, figure func(*result.Row) result.Spread) []page.Bar {
	list := []page.Bar{}
	for _, p := range peers {
		s := figure(p.Row)
		b := page.Bar{
			Name: p.Peer, Color: color(p.place), Words: words(p.Row, s, show), Warning: p.Failed > 0, Note: p.Failure(),
			Value: page.None, Low: page.None, High: page.None,
		}
		if p.Runs > 0 {
			b.Value, b.Low, b.High = page.Value(s.Median), page.Value(s.Low), page.Value(s.High)
			b.Note = note(p.Row, s, show)
		}
		list = append(list, b)
	}
	return list
}

// words are a bar's figure and ratio, and that its peer failed.
func words(r *result.Row, s result.Spread, show func(float64) string) string {
	text := ""
	if r.Runs > 0 {
		text = show(s.Median)
		if s.Ratio > 0 {
			text += "  ×" + ratio(s.Ratio)
		}
		if r.Limited != "" {
			text += " *"
		}
	}
	if r.Failed > 0 {
		if text != "" {
			text += "  "
		}
		text += fmt.Sprintf("failed %d of %s", r.Failed, counted(r.Failed+r.Runs, "round"))
	}
	return text
}

// note is a bar's range, and why it is limited.
func note(r *result.Row, s result.Spread, show func(float64) string) string {
	text := fmt.Sprintf("%s: %s, from %s to %s in %s", r.Peer, show(s.Median), show(s.Low), show(s.High), counted(r.Runs, "run"))
	if r.Limited != "" {
		text += ". * " + r.Limited
	}
	return text
}

// percentiles are the places of latencies' x.
var percentiles = []string{"p50", "p90", "p99", "p99.9", "max"}

func latencies(id string, work result.Named, peers []peer) page.Chart {
	set := page.Set{}
	for _, p := range peers {
		if p.Runs == 0 {
			continue
		}
		line := page.Line{Label: p.Peer, Color: color(p.place), Shape: p.place + 1}
		for _, s := range []result.Spread{p.P50, p.P90, p.P99, p.P999, p.Max} {
			line.Y = append(line.Y, page.Value(max(1, s.Median)))
		}
		set.Lines = append(set.Lines, line)
	}
	for i := range percentiles {
		set.X = append(set.X, float64(i))
	}
	return page.Chart{
		ID: id, Title: work.Name, Text: work.Text, Sets: []page.Set{set},
		X: page.Axis{Name: "at", Label: "percentile", Names: percentiles},
		Y: page.Axis{Label: "latency, logarithmic", Format: page.Latency, Log: 10},
	}
}

func count(v float64) string { return scaled(v, "", "k", "M", "G") }
func nanos(v float64) string { return scaled(v, " ns", " µs", " ms", " s") }

// scaled is v in three digits and a unit, each of which is a thousand of the one
// before. A small whole number has no decimals.
func scaled(v float64, units ...string) string {
	i := 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 && v == float64(int(v)) {
		return strconv.Itoa(int(v)) + units[0]
	}
	return digits(v) + units[i]
}

// digits is v in three digits, more if that many stand before the point.
func digits(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func ratio(v float64) string {
	if v < .0995 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return digits(v)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
