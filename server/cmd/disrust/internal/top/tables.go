package top

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// rates are those of the interval, and the requests of the last minutes.
func (s *screen) rates(width int) []line {
	r := s.shown.rates
	all := flow(width, label(heading, "rate"), "", []line{
		{plainly("%7s requests/s ", number(r.requests))}, {plainly("%7s vectors/s ", number(r.vectors))},
		{plainly("%8s/s in ", bytesOf(r.received))}, {plainly("%8s/s out", bytesOf(r.sent))},
	})
	columns := width - labelWidth - len("  most 1.23 k")
	if s.plain || columns < leastBar {
		return all
	}
	rates := s.history.last(s.shown.at, columns)
	most := 0.
	for _, r := range rates {
		if r > most { // and no gap
			most = r
		}
	}
	span := "last " + since(time.Duration(columns)*s.history.span)
	return append(all, line{label(plain, span), text{good, s.glyphs.line(rates, most)}, plainly("  most %s", number(most))})
}

// latencies is the table of the stages.
func (s *screen) latencies(width int) []line {
	labels := min(max(8, width-40), labelWidth) // narrower where figures would touch
	column := min(10, (width-labels)/4)
	row := func(is style, name string, cells ...string) line {
		l := line{{is, fmt.Sprintf("%-*s", labels, name)}}
		for _, c := range cells {
			l = append(l, text{is, fmt.Sprintf("%*s", column, c)})
		}
		return l
	}
	all := []line{row(heading, "latency", "p50", "p99", "p99.9", "most")}
	for _, l := range s.shown.stages {
		d := s.glyphs.duration
		all = append(all, row(plain, l.name, d(l.p50), d(l.p99), d(l.p999), d(l.slowest)))
	}
	return all
}

// threads is the table of the threads, of which at most so many lines have room. Where they have none, those
// that work most are shown.
func (s *screen) threads(width, most int) []line {
	const column = 9
	head := line{label(heading, "threads")}
	for _, name := range []string{"working", "polling", "asleep"} {
		head = append(head, text{heading, fmt.Sprintf("%*s", column, name)})
	}
	all, shown := []line{head}, s.shown.threads
	hidden := 0
	if len(shown) > most {
		hidden = len(shown) - most + 1
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(a, b share) int { return cmp.Compare(b.working, a.working) })
		shown = shown[:most-1]
	}
	bar := width - labelWidth - 3*column - 2
	for _, t := range shown {
		l := line{label(plain, short(t.name, labelWidth-1))}
		for _, part := range []float64{t.working, t.polling, t.asleep} {
			l = append(l, plainly("%*s", column, percent(part)))
		}
		if !s.plain && bar >= leastBar {
			l = append(l, plainly("  "))
			for i, n := range cut(bar, t.working, t.polling, t.asleep) {
				l = append(l, s.glyphs.part(i, n))
			}
		}
		all = append(all, l)
	}
	if hidden > 0 {
		all = append(all, line{label(plain, ""), text{faint, fmt.Sprintf("and %d that work less", hidden)}})
	}
	return all
}

// pressure says how much of what is bounded is in use, who waited for it, and what failed.
func (s *screen) pressure(width int) []line {
	status := &s.shown.status
	threads := float64(max(1, status.Threads.IO))
	gauge := func(name string) float64 { return float64(status.Gauges[name]) }
	peak := func(name string) float64 { return float64(status.Peaks[name]) }
	flag := func(name string, unit float64) float64 {
		n, err := strconv.ParseUint(status.Flags[name], 10, 63)
		if err != nil {
			return none // a program that embeds the server has no flags
		}
		return float64(n) * unit
	}
	pool, ring := flag("pool-mib", 1<<20), flag("response-ring", 1)
	all := []line{s.used(width, heading, "pressure", "now", "of", "most", "of", none)}
	add := func(name string, write func(float64) string, now, of, most, mostOf float64) {
		all = append(all, s.used(width, plain, name, write(now), write(of), write(most), write(mostOf), now/of))
	}
	add("connections", whole, gauge("conns"), gauge("max_connections"), none, none)
	add("in flight", whole, gauge("in_flight"), flag("request-ring", 1), peak("max_in_flight"), ring)
	add("pool", memoryOf, gauge("pool_bytes"), pool*threads, peak("max_pool_bytes"), pool)
	all = append(all, events(width, "waits/s", s.shown.waits, warning)...)
	return append(all, events(width, "trouble", s.shown.troubles, bad)...)
}

// used is a line of the table of what is bounded: all threads now, and the most of one thread.
func (s *screen) used(width int, is style, name, now, of, most, mostOf string, share float64) line {
	const column = 9
	l := line{label(is, name)}
	for _, c := range []string{now, of, most, mostOf} {
		if labelWidth+column*len(l) <= width {
			l = append(l, text{is, fmt.Sprintf("%*s", column, c)})
		}
	}
	bar := width - labelWidth - 4*column - 2
	if s.plain || bar < leastBar || !(share >= 0) {
		return l
	}
	parts := cut(bar, min(share, 1), 1)
	return append(l, plainly("  "), s.glyphs.part(0, parts[0]), s.glyphs.part(2, bar-parts[0]))
}

// events lists what has happened of what should not.
func events(width int, name string, events []event, is style) []line {
	var cells []line
	for _, e := range events {
		if math.IsNaN(e.count) { // and so are the others
			cells = []line{{plainly(unknown)}}
			break
		}
		if e.count == 0 {
			continue
		}
		said := number(e.count)
		if e.more > 0 {
			said += " (+" + number(e.more) + ")"
		}
		cells = append(cells, line{plainly("%s ", e.name), {is, said}})
	}
	if cells == nil {
		cells = []line{{{faint, "none"}}}
	}
	return flow(width, label(plain, name), ", ", cells)
}

// flow puts cells behind a label, and goes on below where the width is used up.
func flow(width int, first text, separator string, cells []line) []line {
	all, used := []line{{first}}, labelWidth
	for i, c := range cells {
		columns := utf8.RuneCountInString(c.String())
		last := &all[len(all)-1]
		switch {
		case i > 0 && used+len(separator)+columns > width:
			all = append(all, line{label(plain, "")})
			last, used = &all[len(all)-1], labelWidth
		case i > 0:
			*last = append(*last, plainly("%s", separator))
			used += len(separator)
		}
		*last = append(*last, c...)
		used += columns
	}
	return all
}
