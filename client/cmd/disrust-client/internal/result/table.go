package result

import (
	"fmt"
	"strconv"
	"strings"
)

func (s *Sweep) text(b *strings.Builder) {
	b.WriteString("\n" + s.TableHead())
	for i := range s.Steps {
		b.WriteString(s.TableRow(&s.Steps[i]))
	}
	b.WriteString(s.Legend() + "\n" + s.Conclusion() + "\n")
}

// TableHead returns the line above the steps. The columns have fixed widths, so that each step
// can be shown when it ends.
func (s *Sweep) TableHead() string {
	cells := []string{"p50", "p99", "p99.9", "max"}
	if s.ownColumn() {
		cells = append(cells, s.SLO.Name())
	}
	return tableLine("asked/s", "conns", "answered/s", cells, s.SLO.String())
}

// TableRow returns the line of a step.
func (s *Sweep) TableRow(step *Step) string {
	asked, d := "-", step.Total.Latency
	if step.Rate > 0 {
		asked = Count(step.Rate)
	}
	var cells []string
	for _, f := range d.Figures() {
		switch f.Name {
		case "p50", "p99", "p99_9", "max":
			cells = append(cells, step.Total.Shown(f))
		}
	}
	if s.ownColumn() {
		cells = append(cells, step.Bound())
	}
	if d.Count == 0 {
		for i := range cells {
			cells[i] = "-"
		}
	}
	return tableLine(asked, strconv.Itoa(step.Conns), Count(step.Total.Rate), cells, step.Verdict())
}

func tableLine(asked, conns, answered string, latencies []string, verdict string) string {
	line := fmt.Sprintf("%11s %6s %11s", asked, conns, answered)
	for _, cell := range latencies {
		line += fmt.Sprintf(" %8s", cell)
	}
	return line + "  " + verdict + "\n"
}

// Legend returns the line below the steps that explains their stars, or "" if there are none.
func (s *Sweep) Legend() string {
	for i := range s.Steps {
		if step := &s.Steps[i]; step.Lagged || len(step.Total.Lagged) > 0 {
			return legend
		}
	}
	return ""
}

// ownColumn reports whether the bound's percentile needs its own column in the table.
func (s *Sweep) ownColumn() bool {
	p := s.SLO.Percentile
	return p != 50 && p != 99 && p != 99.9 && p != 100
}

// Conclusion returns the result of the sweep in one sentence.
func (s *Sweep) Conclusion() string {
	best := s.Best()
	if best == nil {
		return fmt.Sprintf("knee: no step kept %s%s", s.SLO, s.beyond(0))
	}
	at := ""
	if s.Varied == "conns" {
		at = fmt.Sprintf(" on %d connections", best.Conns)
		if best.Conns == 1 {
			at = " on 1 connection"
		}
	}
	return fmt.Sprintf("knee: %s requests/s%s, with %s at %s (the bound is %v)%s",
		Count(best.Total.Rate), at, s.SLO.Name(), Latency(best.Bounded), s.SLO.Limit, s.beyond(s.highestKept()))
}

func (s *Sweep) highestKept() float64 {
	x := 0.0
	for i := range s.Steps {
		if s.Steps[i].Kept {
			x = max(x, s.X(&s.Steps[i]))
		}
	}
	return x
}

// beyond returns what a conclusion must add about loads above x. It looks at the lowest step
// above x, and of several equal ones at the last. It says if there is no such step, or if the
// search did not end because of the server.
func (s *Sweep) beyond(x float64) string {
	var next *Step
	for i := range s.Steps {
		step := &s.Steps[i]
		if s.X(step) > x && (next == nil || s.X(step) <= s.X(next)) {
			next = step
		}
	}
	switch {
	case s.Interrupted:
		return "; interrupted before the search was over"
	case next == nil && s.Best() != nil && s.X(s.Best()) == x:
		return "; nothing higher was asked, so the server may do more"
	case next != nil && next.Error == "" && !next.Total.Valid:
		return "; beyond that the generator was the limit, so the server may do more"
	}
	return ""
}
