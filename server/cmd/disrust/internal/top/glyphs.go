package top

import (
	"math"
	"strings"
)

// glyphs are what bars and lines of the screen are made of.
type glyphs struct {
	levels                   []string // of a small line, from the lowest on
	working, polling, asleep string
	durations                []string // units, from nanoseconds on
}

var (
	blocks = glyphs{
		levels:  []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		working: "█", polling: "▒", asleep: "·",
		durations: []string{" ns", " µs", " ms", " s"},
	}
	ascii = glyphs{
		levels:  []string{"_", ".", "-", "=", "+", "*", "%", "#"},
		working: "#", polling: "=", asleep: ".",
		durations: []string{" ns", " us", " ms", " s"},
	}
)

func (g *glyphs) duration(nanos float64) string { return scaled(nanos, 1000, g.durations) }

// part is a part of a bar: that of working, polling or asleep.
func (g *glyphs) part(i, columns int) text {
	glyph := [...]string{g.working, g.polling, g.asleep}[i]
	return text{[...]style{working, polling, asleep}[i], strings.Repeat(glyph, max(0, columns))}
}

// line draws values from 0 to the greatest of them. One that is not known is a gap.
func (g *glyphs) line(values []float64, greatest float64) string {
	var b strings.Builder
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			b.WriteByte(' ')
		case v <= 0 || greatest <= 0:
			b.WriteString(g.levels[0])
		default:
			top := float64(len(g.levels))
			b.WriteString(g.levels[min(len(g.levels)-1, int(v/greatest*top))])
		}
	}
	return b.String()
}

// cut divides columns among shares of one, in order, so that each share's end is rounded to a column. A share
// that is not known gets none.
func cut(columns int, shares ...float64) []int {
	parts, sum, taken := make([]int, len(shares)), 0., 0
	for i, s := range shares {
		if s > 0 {
			sum += s
		}
		end := min(columns, int(math.Round(sum*float64(columns))))
		parts[i], taken = max(0, end-taken), max(end, taken)
	}
	return parts
}
