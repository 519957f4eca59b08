package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page"
)

// sweeps shows the sweeps that varied the same: they share their charts.
func sweeps(group []run) []page.Section {
	varied := group[0].Sweep.Varied
	x := page.Axis{Name: "asked", Label: "requests/s asked", Format: page.Count, Unit: "/s"}
	if varied == "conns" {
		x = page.Axis{Name: "connections", Label: "connections", Format: page.Number, Log: 2}
	}
	rates := page.Chart{ID: "sweep-rate-" + varied, X: x, Y: throughput}
	steps := page.Chart{ID: "sweep-latency-" + varied, X: x, Y: latencies}
	for _, r := range group {
		s := newSwept(r, len(group) == 1)
		rates.Sets = append(rates.Sets, page.Set{X: s.x, Lines: []page.Line{s.rate()}})
		steps.Sets = append(steps.Sets, page.Set{X: s.x, Lines: s.latencies()})
		rates.Marks = append(rates.Marks, s.knee(x)...)
	}
	steps.Marks = rates.Marks
	steps.Sets = append(steps.Sets, bounds(group, steps.Sets)...)
	return []page.Section{
		section("Latency against "+against(varied), "Each point is a step. Dashed are the bound and the knee, the highest rate that keeps it.", steps),
		section("Throughput against "+against(varied), "Requests answered in a second, at each step.", rates),
	}
}

func against(varied string) string {
	if varied == "conns" {
		return "connections"
	}
	return "rate"
}

// swept is a sweep's steps in the order of what was varied.
type swept struct {
	run
	alone bool // no other sweep shares the chart
	x     []float64
	steps []*result.Step
	each  []*result.Distribution
}

func newSwept(r run, alone bool) *swept {
	s := &swept{run: r, alone: alone}
	order := make([]*result.Step, len(r.Sweep.Steps))
	for i := range r.Sweep.Steps {
		order[i] = &r.Sweep.Steps[i]
	}
	slices.SortStableFunc(order, func(a, b *result.Step) int { return cmp.Compare(r.Sweep.X(a), r.Sweep.X(b)) })
	for i, step := range order {
		if i+1 < len(order) && r.Sweep.X(order[i+1]) == r.Sweep.X(step) {
			continue // it was repeated, and the last go counts
		}
		s.x = append(s.x, r.Sweep.X(step))
		s.steps = append(s.steps, step)
		s.each = append(s.each, step.Total.Latency)
	}
	return s
}

func (s *swept) rate() page.Line {
	line := page.Line{Label: s.Name, Color: s.color, Points: true}
	if s.alone {
		line.Label = "requests/s answered"
	}
	for _, step := range s.steps {
		line.Y = append(line.Y, page.Value(step.Total.Rate))
	}
	return line
}

// latencies are the median and that of the bound, and of a sweep alone also p99
// and the slowest.
func (s *swept) latencies() []page.Line {
	bound := page.Line{Label: s.Sweep.SLO.Name(), Color: page.P999, Points: true, Width: 3}
	for _, step := range s.steps {
		bound.Y = append(bound.Y, measured(step.Total.Latency, step.Bounded))
	}
	if !s.alone {
		median := page.Line{Label: s.Name + " p50", Color: s.color, Points: true, Dash: []int{6, 4}, Y: percentileLines[0].values(s.each)}
		bound.Label, bound.Color = s.Name+" "+bound.Label, s.color
		return []page.Line{median, bound}
	}
	line := func(n int) page.Line {
		p := percentileLines[n]
		return page.Line{Label: p.label, Color: p.color, Points: true, Y: p.values(s.each)}
	}
	sameAsBound := func(l page.Line) bool { return l.Label == bound.Label }
	lines := slices.DeleteFunc([]page.Line{line(0), line(2)}, sameAsBound)
	return append(append(lines, bound), slices.DeleteFunc([]page.Line{line(4)}, sameAsBound)...)
}

// knee marks the highest x that keeps the bound, if there is one.
func (s *swept) knee(x page.Axis) []page.Mark {
	best := s.Sweep.Best()
	if best == nil {
		return nil
	}
	mark := page.Mark{At: s.Sweep.X(best), Color: s.color}
	words := []string{s.Name, "knee", result.Count(mark.At)}
	if s.alone {
		words, mark.Color = words[1:], page.Knee
	}
	mark.Label = strings.Join(words, " ") + x.Unit
	if s.Sweep.Varied == "conns" {
		mark.Label += " connections"
	}
	return []page.Mark{mark}
}

// bounds are flat lines over all x of sets, one for each bound.
func bounds(group []run, sets []page.Set) []page.Set {
	var x []float64
	for _, s := range sets {
		x = append(x, s.X...)
	}
	slices.Sort(x)
	x = slices.Compact(x)
	var lines []page.Line
	for _, r := range group {
		limit := r.Sweep.SLO.Limit
		label := "bound " + latency(limit)
		if slices.ContainsFunc(lines, func(l page.Line) bool { return l.Label == label }) {
			continue
		}
		y := slices.Repeat([]page.Value{page.Nanos(limit)}, len(x))
		lines = append(lines, page.Line{Label: label, Color: page.Bound, Dash: []int{8, 5}, Y: y})
	}
	return []page.Set{{X: x, Lines: lines}}
}
